// @ts-check
/**
 * The figure: all panels in one SVG, in as many columns as fit.
 * @import { Frame, Spec, Values } from "./types.js"
 */
import { select } from "d3-selection";

import { setAttributes } from "./marks/read.js";
import { createPanel } from "./panel.js";

const NARROWEST = 17.3; // a panel in a row with others is at least this wide, in font sizes
const GAP = 2.4; // between panels, in font sizes

/**
 * The parameters and the frame's scalars, for templates.
 * @param {Frame} frame
 * @param {Values} values
 * @returns {Values}
 */
export function scalars(frame, values) {
  /** @type {Values} */
  const found = {};
  for (const [name, entry] of Object.entries(frame))
    if (typeof entry !== "object") found[name] = entry;
  return Object.assign(found, values);
}

/**
 * @param {Spec} spec
 * @param {Document} document
 */
export function createFigure(spec, document) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const root = select(node).attr("xmlns", "http://www.w3.org/2000/svg").attr("class", "ex-svg");
  const groups = spec.view.panels.map(() => root.append("g"));
  const panels = groups.map((group, p) => createPanel(group, spec, p));
  let width = 720;
  let fontSize = 12;
  /** @type {number[]} */
  let headers = panels.map(() => 0); // they only grow, so that nothing jumps while a slider moves

  function arrange() {
    const wanted = spec.view.columns || Math.min(3, panels.length);
    const gap = GAP * fontSize;
    const fits = Math.max(1, Math.floor((width + gap) / (NARROWEST * fontSize + gap)));
    const columns = Math.min(wanted, fits);
    const column = (width - gap * (columns - 1)) / columns;
    /** @type {{ panel: number, left: number, width: number, row: number }[]} */
    const places = [];
    let [at, row] = [0, 0];
    panels.forEach(({ panel }, p) => {
      const span = Math.min(panel.span, columns);
      if (at + span > columns) [at, row] = [0, row + 1];
      places.push({
        panel: p,
        left: at * (column + gap),
        width: span * column + (span - 1) * gap,
        row,
      });
      at += span;
    });
    return places;
  }

  return {
    node,

    /**
     * @param {number} newWidth
     * @param {number} newFontSize
     */
    resize(newWidth, newFontSize) {
      if (newWidth !== width || newFontSize !== fontSize) headers = panels.map(() => 0);
      width = newWidth;
      fontSize = newFontSize;
    },

    /**
     * @param {Frame} frame
     * @param {Values} values
     */
    draw(frame, values) {
      const known = scalars(frame, values);
      const places = arrange();
      let top = 0;
      for (let row = 0; row <= places[places.length - 1].row; row += 1) {
        const inRow = places.filter((place) => place.row === row);
        for (const place of inRow) {
          const needed = panels[place.panel].header(frame, known, {
            ...place,
            header: 0,
            fontSize,
          });
          headers[place.panel] = Math.max(headers[place.panel], needed);
        }
        const header = Math.max(...inRow.map((place) => headers[place.panel]));
        let tallest = 0;
        for (const place of inRow) {
          const layout = { width: place.width, header, fontSize };
          const transform = `translate(${round(place.left)},${top})`;
          setAttributes(/** @type {Element} */ (groups[place.panel].node()), { transform });
          panels[place.panel].draw(frame, known, layout);
          tallest = Math.max(tallest, panels[place.panel].height(layout));
        }
        top += tallest + (row < places[places.length - 1].row ? 0.9 * fontSize : 0);
      }
      const height = Math.ceil(top);
      const viewBox = `0 0 ${round(width)} ${height}`;
      setAttributes(node, { viewBox, width: round(width), height });
    },
  };
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;
