// @ts-check
/**
 * One panel: title, legend, axes and marks in a rectangle.
 * @import { Frame, Panel, Selection, Spec, Values } from "./types.js"
 */
import { drawAxes, withUnit } from "./axes.js";
import { drawLegend, placeLegend } from "./legend.js";
import { marks } from "./marks/index.js";
import { makeScale, ticksOf } from "./scales.js";
import { drawText } from "./scripts.js";
import { fill, formatValue, typeset } from "./template.js";
import { textWidth } from "./text.js";

const LINE = 1.55; // line height
const OVERHANG = 4; // pixels by which marks may leave the plot
const NAMING = ["x", "y", "lower", "upper", "z", "u", "v"]; // fields of marks that name arrays

/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} header
 * @property {number} fontSize
 */

/**
 * @param {Selection} root
 * @param {Spec} spec
 * @param {number} number
 */
export function createPanel(root, spec, number) {
  /** @type {Panel} */
  const panel = spec.view.panels[number];
  const has = (/** @type {string[]} */ kinds) =>
    panel.marks.some(({ kind }) => kinds.includes(kind));
  const filled = has(["heat"]); // fills the plot to its edges,
  const spanned = has(["line", "area"]); // and these from left to right
  const title = root.append("text").attr("class", "ex-title");
  const legend = root.append("g").attr("class", "ex-legend");
  const xLabel = root.append("text").attr("class", "ex-label").attr("text-anchor", "end");
  const yLabel = root.append("text").attr("class", "ex-label");
  const axes = root.append("g").attr("class", "ex-axes");
  const plot = root.append("svg").attr("class", "ex-plot");
  const groups = panel.marks.map((mark) =>
    plot.append("g").attr("class", `ex-mark ex-${mark.kind} ex-${mark.role ?? "neutral"}`),
  );
  let drawnAxes = "";
  let drawnHead = "";
  /** @type {unknown[][]} */
  const drawnMarks = panel.marks.map(() => []); // what each mark was drawn from
  let margin = 0; // of the left side; it only grows, so that the plot stands still
  let size = 0;
  let placed = { key: "", items: /** @type {import("./legend.js").Placed[]} */ ([]) };

  /** @param {string} axis @param {Frame} frame @returns {[number, number]} */
  function extent(axis, frame) {
    const own = /** @type {any} */ (frame[`@${number}.${axis}`]);
    return own ? [own.values[0], own.values[1]] : spec.domains[`@${number}.${axis}`];
  }

  /**
   * @param {Frame} frame
   * @param {Values} values
   * @param {Layout} layout
   */
  function legendItems(frame, values, { width, fontSize }) {
    /** @type {import("./legend.js").Item[]} */
    const items = panel.marks.flatMap((mark, m) => {
      if (!panel.legend) return [];
      if (mark.kind === "heat") {
        const [low, high] = extent(`z${m}`, frame);
        const text = (/** @type {number} */ v) => typeset(formatValue(v, ".2g"));
        /** @type {[string, string]} */
        const ends = [text(low), text(high)];
        return [{ mark, text: typeset(fill(mark.label, values)), ends }];
      }
      return mark.label ? [{ mark, text: typeset(fill(mark.label, values)) }] : [];
    });
    const key = JSON.stringify([items.map(({ text, ends }) => [text, ends]), width, fontSize]);
    if (key !== placed.key) placed = { key, items: placeLegend(items, width, fontSize) };
    return placed.items;
  }

  /**
   * Title, legend and axis labels.
   * @param {Frame} frame
   * @param {Values} values
   * @param {Layout} layout
   * @param {number} height
   * @param {number} right
   */
  function drawHead(frame, values, layout, height, right) {
    const { header, fontSize } = layout;
    const items = legendItems(frame, values, layout);
    const text = (/** @type {string} */ template) => typeset(fill(template, values));
    const [titleText, xText, yText] = [panel.title, panel.x.label, panel.y.label].map(text);
    const names = items.map((item) => [item.text, item.ends, item.left, item.row]);
    const key = JSON.stringify([titleText, xText, yText, names, header, fontSize, height, right]);
    if (key === drawnHead) return;
    drawnHead = key;
    const write = (/** @type {Selection} */ label, /** @type {string} */ written) =>
      drawText(/** @type {Element} */ (label.node()), written);
    title.attr("y", fontSize * 1.1).attr("font-size", fontSize * 1.08);
    write(title, titleText);
    const legendTop = (panel.title ? 1.15 : 0) * LINE * fontSize;
    legend.attr("transform", `translate(0,${legendTop + 0.78 * fontSize})`);
    drawLegend(legend, items, fontSize, LINE * fontSize);
    yLabel.attr("y", header - 1.05 * fontSize).attr("font-size", 0.95 * fontSize);
    write(yLabel, withUnit(yText, panel.y.unit));
    xLabel
      .attr("x", right)
      .attr("y", header + height + 2.95 * fontSize)
      .attr("font-size", 0.95 * fontSize);
    write(xLabel, withUnit(xText, panel.x.unit));
  }

  return {
    panel,

    /**
     * The height of what stands above the plot.
     * @param {Frame} frame
     * @param {Values} values
     * @param {Layout} layout
     */
    header(frame, values, layout) {
      const { fontSize } = layout;
      const items = legendItems(frame, values, layout);
      const legendRows = items.length ? items[items.length - 1].row + 1 : 0;
      const rows = (panel.title ? 1.15 : 0) + legendRows + (panel.y.label ? 1.05 : 0);
      return Math.ceil(rows * LINE * fontSize + 0.85 * fontSize);
    },

    /** @param {Layout} layout */
    height({ width, header, fontSize }) {
      return header + plotHeight(width) + Math.ceil((panel.x.label ? 3.4 : 2.1) * fontSize);
    },

    /**
     * @param {Frame} frame
     * @param {Values} values
     * @param {Layout} layout
     */
    draw(frame, values, layout) {
      const { width, header, fontSize } = layout;
      if (size !== width + fontSize / 100) margin = 0;
      size = width + fontSize / 100;
      const height = plotHeight(width);
      const yCount = Math.max(2, Math.round(height / (4.2 * fontSize)));
      const y = makeScale(panel.y, extent("y", frame), [height, 0], !filled);
      const yTicks = ticksOf(panel.y, y, yCount);
      const widest = Math.max(0, ...yTicks.map(({ text }) => textWidth(text, 0.92 * fontSize)));
      margin = Math.max(margin, Math.ceil(widest / 6) * 6 + 9);
      const xCount = Math.max(2, Math.round((width - margin) / (6.5 * fontSize)));
      const x = makeScale(panel.x, extent("x", frame), [0, 1], !filled && !spanned);
      const xTicks = ticksOf(panel.x, x, xCount);
      const last = xTicks.reduce((most, tick) => (x(tick.value) > x(most.value) ? tick : most), {
        value: x.domain()[0],
        text: "",
      });
      const beyond = x(last.value) > 0.95 ? textWidth(last.text, 0.46 * fontSize) : 0;
      const inner = Math.max(40, width - margin - Math.max(0.9 * fontSize, beyond));
      x.range([0, inner]);

      drawHead(frame, values, layout, height, margin + inner);

      const key = JSON.stringify([
        x.domain(),
        y.domain(),
        inner,
        height,
        header,
        fontSize,
        margin,
      ]);
      if (key !== drawnAxes) {
        drawnAxes = key;
        axes
          .attr("transform", `translate(${margin},${header})`)
          .attr("font-size", 0.92 * fontSize);
        drawAxes(axes, { x, y, xTicks, yTicks, width: inner, height, grid: !filled });
        plot
          .attr("x", margin - OVERHANG)
          .attr("y", header - OVERHANG)
          .attr("width", inner + 2 * OVERHANG)
          .attr("height", height + 2 * OVERHANG)
          .attr(
            "viewBox",
            [-OVERHANG, -OVERHANG, inner + 2 * OVERHANG, height + 2 * OVERHANG].join(" "),
          );
      }
      panel.marks.forEach((mark, m) => {
        const ends = mark.kind === "heat" ? extent(`z${m}`, frame) : [];
        const arrays = NAMING.map((field) => frame[mark[field]]);
        const now = [key, mark.kind === "text" ? values : null, ...ends, ...arrays];
        if (now.every((part, i) => part === drawnMarks[m][i])) return;
        drawnMarks[m] = now;
        marks[mark.kind].draw(groups[m], mark, frame, {
          x,
          y,
          width: inner,
          height,
          fontSize,
          values,
          ...(mark.kind === "heat" ? { colours: extent(`z${m}`, frame) } : {}),
        });
      });
    },
  };

  /** @param {number} width */
  function plotHeight(width) {
    return Math.round(Math.max(110, width * panel.aspect));
  }
}
