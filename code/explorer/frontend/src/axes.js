// @ts-check
/**
 * Axes, grid and axis labels of a panel.
 * @import { Axis, Selection } from "./types.js"
 * @import { Scale, Tick } from "./scales.js"
 */
import { axisBottom, axisLeft } from "d3-axis";

/**
 * @param {Selection} group  placed at the plot's upper left corner
 * @param {object} place
 * @param {Scale} place.x
 * @param {Scale} place.y
 * @param {Tick[]} place.xTicks
 * @param {Tick[]} place.yTicks
 * @param {number} place.width
 * @param {number} place.height
 * @param {boolean} place.grid
 */
export function drawAxes(group, { x, y, xTicks, yTicks, width, height, grid }) {
  const bottom = group.selectAll("g.ex-x").data([0]).join("g").attr("class", "ex-axis ex-x");
  bottom
    .attr("transform", `translate(0,${height})`)
    .call(
      /** @type {any} */ (withTicks(axisBottom(x), xTicks).tickSizeInner(grid ? -height : 4)),
    );
  const left = group.selectAll("g.ex-y").data([0]).join("g").attr("class", "ex-axis ex-y");
  left.call(/** @type {any} */ (withTicks(axisLeft(y), yTicks).tickSizeInner(grid ? -width : 4)));
  for (const axis of [bottom, left]) axis.attr("font-family", null).attr("font-size", null);
}

/**
 * @param {import("d3-axis").Axis<import("d3-scale").NumberValue>} axis
 * @param {Tick[]} ticks
 */
function withTicks(axis, ticks) {
  const texts = new Map(ticks.map(({ value, text }) => [value, text]));
  return axis
    .tickPadding(7)
    .tickValues(ticks.map(({ value }) => value))
    .tickFormat((value) => texts.get(Number(value)) ?? "")
    .tickSizeOuter(0);
}

/**
 * The label with its unit.
 * @param {string} label
 * @param {string} unit
 */
export function withUnit(label, unit) {
  return unit ? `${label} (${unit})` : label;
}
