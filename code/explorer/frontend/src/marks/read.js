// @ts-check
/**
 * What a mark reads of a frame.
 * @import { Frame, Values2D } from "../types.js"
 */

/**
 * The numbers under a name; a number stands for itself.
 * @param {Frame} frame
 * @param {string | number} position
 * @returns {ArrayLike<number>}
 */
export function numbers(frame, position) {
  const entry = typeof position === "string" ? frame[position] : position;
  if (typeof entry === "number") return [entry];
  return /** @type {Values2D} */ (entry).values;
}

/**
 * The rows of an array; an array of one dimension is one row.
 * @param {Frame} frame
 * @param {string} name
 * @returns {Float64Array[]}
 */
export function rows(frame, name) {
  const { shape, values } = /** @type {Values2D} */ (frame[name]);
  if (shape.length < 2) return [values];
  const [count, length] = shape;
  return Array.from({ length: count }, (_, r) => values.subarray(r * length, (r + 1) * length));
}

/**
 * A number with at most two decimals, for paths.
 * @param {number} value
 */
export function short(value) {
  return Math.round(value * 100) / 100;
}

/**
 * The group's only child of this kind, with these attributes; what is already so is left alone,
 * since a browser lays out and paints again whatever is written.
 * @param {import("../types.js").Selection} group
 * @param {string} tag
 * @param {Record<string, string | number | null>} attributes
 * @returns {SVGElement}
 */
export function only(group, tag, attributes) {
  const found = group.select(tag);
  const node = /** @type {SVGElement} */ ((found.empty() ? group.append(tag) : found).node());
  setAttributes(node, attributes);
  return node;
}

/**
 * @param {Element} node
 * @param {Record<string, string | number | null>} attributes
 */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
  }
}
