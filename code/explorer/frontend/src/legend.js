// @ts-check
/**
 * The legend of a panel: a sign and a label for each mark that has one, in as many rows as
 * it takes.
 * @import { Mark, Selection } from "./types.js"
 */
import { colourBar } from "./marks/heat.js";
import { marks } from "./marks/index.js";
import { drawText } from "./scripts.js";
import { textWidth } from "./text.js";

/**
 * @typedef {object} Item
 * @property {Mark} mark
 * @property {string} text
 * @property {[string, string]} [ends]  texts at the ends of a colour scale
 */
/** @typedef {Item & { left: number, row: number }} Placed */

const GAP = 1.3; // between items, in font sizes
const BAR = 5; // length of a colour bar, in font sizes

/** @param {Item} item */
const signWidth = (item) =>
  marks[item.mark.kind].swatch === "line" ? 1.6 : item.mark.kind === "heat" ? 0 : 1;

/**
 * @param {Item} item
 * @param {number} size
 */
function itemWidth(item, size) {
  const label = textWidth(item.text, size);
  if (!item.ends) return (signWidth(item) + 0.5) * size + label;
  const ends = textWidth(item.ends[0], size) + textWidth(item.ends[1], size);
  return label + ends + (BAR + 1.6) * size;
}

/**
 * The place of each item.
 * @param {Item[]} items
 * @param {number} width
 * @param {number} size
 * @returns {Placed[]}
 */
export function placeLegend(items, width, size) {
  let left = 0;
  let row = 0;
  return items.map((item) => {
    const own = itemWidth(item, size);
    if (left > 0 && left + own > width) {
      left = 0;
      row += 1;
    }
    const placed = { ...item, left, row };
    left += own + GAP * size;
    return placed;
  });
}

/**
 * @param {Selection} group
 * @param {Placed[]} items
 * @param {number} size
 * @param {number} lineHeight
 */
export function drawLegend(group, items, size, lineHeight) {
  const entries = group
    .selectAll(".ex-item")
    .data(items)
    .join((enter) => {
      const entry = enter.append("g").attr("class", "ex-item");
      entry.append("g").attr("class", "ex-sign");
      entry.append("text").attr("class", "ex-name").attr("dy", "0.32em");
      return entry;
    })
    .attr("transform", (item) => `translate(${item.left},${item.row * lineHeight})`);
  entries
    .select(".ex-name")
    .attr("x", (item) => (item.ends ? 0 : (signWidth(item) + 0.5) * size))
    .attr("font-size", size)
    .each(function name(item) {
      drawText(/** @type {Element} */ (this), item.text);
    });
  entries.select(".ex-sign").each(function sign(item) {
    const key = `${item.mark.kind} ${size} ${item.ends ?? ""} ${item.text.length}`;
    const self = /** @type {SVGGElement & { __key?: string }} */ (this);
    if (self.__key === key) return;
    self.__key = key;
    self.setAttribute("class", `ex-sign ex-${item.mark.role}`);
    while (self.firstChild) self.firstChild.remove();
    drawSign(self, item, size);
  });
}

/**
 * @param {SVGGElement} group
 * @param {Item} item
 * @param {number} size
 */
function drawSign(group, item, size) {
  const add = (
    /** @type {string} */ tag,
    /** @type {Record<string, unknown>} */ attributes,
    content = "",
  ) => {
    const element = group.ownerDocument.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes))
      element.setAttribute(name, String(value));
    element.textContent = content;
    group.append(element);
  };
  const { mark } = item;
  switch (marks[mark.kind].swatch) {
    case "line":
      add("path", {
        d: `M0,0H${1.6 * size}`,
        class: "ex-stroke",
        "stroke-width": 2,
        ...(mark.dash ? { "stroke-dasharray": "5 3" } : {}),
      });
      break;
    case "dot":
      add("circle", { cx: 0.5 * size, r: Math.min(mark.size, 0.4 * size), class: "ex-fill" });
      break;
    case "patch":
      add("rect", {
        y: -0.4 * size,
        width: size,
        height: 0.8 * size,
        rx: 1.5,
        class: mark.kind === "area" ? "ex-fill ex-soft" : "ex-fill ex-bar",
      });
      break;
    case "tick":
      add("path", {
        d: [0.2, 0.5, 0.8].map((at) => `M${at * size},${-0.35 * size}v${0.7 * size}`).join(""),
        class: "ex-stroke",
        "stroke-width": 1.3,
      });
      break;
    case "arrow":
      add("path", {
        d: `M0,0H${size}M${0.65 * size},${-0.25 * size}L${size},0L${0.65 * size},${0.25 * size}`,
        class: "ex-stroke",
        "stroke-width": 1.3,
      });
      break;
    case "colours":
      colourSign(add, item, size);
      break;
  }
}

/**
 * @param {(tag: string, attributes: Record<string, unknown>, content?: string) => void} add
 * @param {Item} item
 * @param {number} size
 */
function colourSign(add, { mark, text, ends }, size) {
  const [low, high] = ends ?? ["", ""];
  const from = text ? textWidth(text, size) + 0.8 * size : 0;
  const bar = from + textWidth(low, size) + 0.4 * size;
  add("text", { x: from, dy: "0.32em", "font-size": size }, low);
  add("image", {
    href: colourBar(mark.scheme),
    x: bar,
    y: -0.35 * size,
    width: BAR * size,
    height: 0.7 * size,
    preserveAspectRatio: "none",
  });
  add("rect", {
    x: bar,
    y: -0.35 * size,
    width: BAR * size,
    height: 0.7 * size,
    class: "ex-frame",
  });
  add("text", { x: bar + (BAR + 0.4) * size, dy: "0.32em", "font-size": size }, high);
}
