// @ts-check
/**
 * The present frame as a table, the present figure as a file.
 * @import { Frame, Spec, Values, Values2D } from "./types.js"
 */
import css from "../style/drawing.css";

const MARGIN = 16; // of a saved figure, in pixels

/**
 * The arrays that are drawn as columns of CSV, under a comment with the setting and the scalars.
 * @param {Spec} spec
 * @param {Frame} frame
 * @param {Values} setting
 */
export function toCsv(spec, frame, setting) {
  const scalars = Object.entries(frame).filter(([, entry]) => typeof entry !== "object");
  const known = [...Object.entries(setting), ...scalars]
    .map(([name, value]) => `${name} = ${typeof value === "number" ? cell(value) : value}`)
    .join(", ");
  const columns = Object.entries(frame)
    .filter(([name, entry]) => typeof entry === "object" && !name.startsWith("@"))
    .flatMap(([name, entry]) => columnsOf(name, /** @type {Values2D} */ (entry)));
  const length = Math.max(0, ...columns.map(({ values: column }) => column.length));
  const lines = [`# ${spec.id}: ${known}`, columns.map(({ name }) => name).join(",")];
  for (let i = 0; i < length; i += 1) {
    lines.push(
      columns.map(({ values: column }) => (i < column.length ? cell(column[i]) : "")).join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}

/**
 * @param {string} name
 * @param {Values2D} array
 */
function columnsOf(name, { shape, values }) {
  if (shape.length < 2) return [{ name, values }];
  const [rows, length] = shape;
  return Array.from({ length: rows }, (_, r) => ({
    name: `${name}[${r}]`,
    values: values.subarray(r * length, (r + 1) * length),
  }));
}

/** @param {number} value */
const cell = (value) => (Number.isNaN(value) ? "" : String(Number(value.toPrecision(7))));

/**
 * A file that needs nothing else: the figure with its style.
 * @param {SVGElement} node
 * @param {string} description
 */
export function toSvg(node, description) {
  const copy = /** @type {SVGElement} */ (node.cloneNode(true));
  const create = (/** @type {string} */ tag) =>
    document.createElementNS("http://www.w3.org/2000/svg", tag);
  const title = create("title");
  title.textContent = description;
  const style = create("style");
  style.textContent = css.replace(/\s+/g, " ");
  const [, , width, height] = (copy.getAttribute("viewBox") ?? "").split(" ").map(Number);
  const box = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN];
  copy.setAttribute("viewBox", box.join(" "));
  copy.setAttribute("width", String(box[2]));
  copy.setAttribute("height", String(box[3]));
  const paper = create("rect");
  ["x", "y", "width", "height"].forEach((name, i) => paper.setAttribute(name, String(box[i])));
  paper.setAttribute("fill", "#fff");
  copy.prepend(title, style, paper);
  return new XMLSerializer().serializeToString(copy);
}

/**
 * @param {string} text
 * @param {string} kind
 * @param {string} name
 */
export function download(text, kind, name) {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
