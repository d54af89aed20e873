// @ts-check
/**
 * What goes through the seams of the front end.
 *
 * An array of a frame, row by row.
 * @typedef {{ shape: number[], values: Float64Array }} Values2D
 *
 * @typedef {Record<string, Values2D | number | string>} Frame
 * @typedef {Record<string, string | number>} Values
 *
 * Where frames come from.
 * @typedef {object} Source
 * @property {boolean} continuous  whether values between the stops have frames too
 * @property {(values: Values) => Promise<Frame>} frame
 * @property {() => Promise<void>} prepare  called on first touch: load what later frames need
 * @property {(listener: (values: Values) => void) => void} [follow]  values set on its side
 * @property {() => void} close
 *
 * @typedef {"limit" | "network" | "bound" | "data" | "prediction" | "neutral"} Role
 *
 * @typedef {object} Axis
 * @property {string} label
 * @property {string} unit
 * @property {(number | string | null)[] | "frame" | null} domain
 * @property {"linear" | "log"} scale
 * @property {(number | [number, string])[] | null} ticks
 *
 * A mark's own fields are those of its class in `explorer/view.py`.
 * @typedef {{ kind: string, role: Role, label: string } & Record<string, any>} Mark
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {Axis} x
 * @property {Axis} y
 * @property {Mark[]} marks
 * @property {boolean} legend
 * @property {number} aspect
 * @property {number} span
 *
 * @typedef {object} View
 * @property {Panel[]} panels
 * @property {Record<string, { label: string, unit: string, format: string }>} controls
 * @property {string} description
 * @property {number} columns
 *
 * Where a mark is drawn: scales to pixels of a plot of this size.
 * @typedef {object} Place
 * @property {import("./scales.js").Scale} x
 * @property {import("./scales.js").Scale} y
 * @property {number} width
 * @property {number} height
 * @property {number} fontSize
 * @property {Values} values  parameters and scalars, for templates
 * @property {[number, number]} [colours]  ends of the colour scale
 *
 * @typedef {import("d3-selection").Selection<any, any, any, any>} Selection
 *
 * One kind of mark. `swatch` is its sign in the legend.
 * @typedef {object} MarkModule
 * @property {(group: Selection, mark: Mark, frame: Frame, place: Place) => void} draw
 * @property {"line" | "dot" | "patch" | "tick" | "arrow" | "colours" | null} swatch
 *
 * What Python writes into the page. `domains` holds the extent of axis "@panel.x" or colour scale
 * "@panel.z<mark>" over all frames; a frame may carry its own under the same name.
 * @typedef {object} Spec
 * @property {string} id
 * @property {View} view
 * @property {Record<string, (string | number)[]>} stops
 * @property {string[]} [whole]  those that stay whole numbers; if left out, those of whole stops
 * @property {Values} start
 * @property {Record<string, [number, number]>} domains
 * @property {Frame} first
 */

export {};
