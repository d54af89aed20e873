// @ts-check
/**
 * Axes, grid and axis labels of a panel.
 * @import { Axis, Selection } from "./types.js"
 * @import { Scale, Tick } from "./scales.js"
 */
import { axisBottom, axisLeft } from "d3-axis";

/**
 * @param {Selection} group  placed at the plot's upper left corner
 * @param {{ x: Scale, y: Scale, xTicks: Tick[], yTicks: Tick[], width: number, height: number }} place
 */
export function drawAxes(group, { x, y, xTicks, yTicks, width, height }) {
  const bottom = group.selectAll("g.ex-x").data([0]).join("g").attr("class", "ex-axis ex-x");
  bottom
    .attr("transform", `translate(0,${height})`)
    .call(/** @type {any} */ (withTicks(axisBottom(x), xTicks).tickSizeInner(-height)));
  const left = group.selectAll("g.ex-y").data([0]).join("g").attr("class", "ex-axis ex-y");
  left.call(/** @type {any} */ (withTicks(axisLeft(y), yTicks).tickSizeInner(-width)));
  for (const axis of [bottom, left]) axis.attr("font-family", null).attr("font-size", null);
}

/**
 * @param {import("d3-axis").Axis<import("d3-axis").AxisDomain>} axis
 * @param {Tick[]} ticks
 */
function withTicks(axis, ticks) {
  const texts = new Map(ticks.map(({ value, text }) => [value, text]));
  return axis
    .tickValues(ticks.map(({ value }) => value))
    .tickFormat((value) => texts.get(Number(value)) ?? "")
    .tickSizeOuter(0)
    .tickPadding(7);
}

/**
 * The label with its unit.
 * @param {string} label
 * @param {string} unit
 */
export function withUnit(label, unit) {
  return unit ? `${label} (${unit})` : label;
}
