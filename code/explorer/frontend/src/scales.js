// @ts-check
/**
 * Scales and their ticks.
 * @import { Axis } from "./types.js"
 * @typedef {import("d3-scale").ScaleContinuousNumeric<number, number>} Scale
 * @typedef {{ value: number, text: string }} Tick
 */
import { format } from "d3-format";
import { scaleLinear, scaleLog } from "d3-scale";

import { superscript, typeset } from "./template.js";

const FINE = 10; // an end is moved to a multiple of about a tenth of the axis

/**
 * The scale of an axis; with `nice`, an end that the view leaves open is moved to a round value.
 * @param {Axis} axis
 * @param {[number, number]} extent
 * @param {[number, number]} range
 * @param {boolean} nice
 * @returns {Scale}
 */
export function makeScale(axis, extent, range, nice) {
  const scale = axis.scale === "log" ? scaleLog() : scaleLinear();
  // An end that has a frame's name is in the extent.
  const given = Array.isArray(axis.domain) ? axis.domain : [null, null];
  const fixed = given.map((end, i) => (typeof end === "string" ? extent[i] : end));
  scale.domain(extent);
  if (nice && axis.scale === "log") {
    const spare = Math.pow(extent[1] / extent[0], 0.03); // whole decades would waste a short axis
    scale.domain([extent[0] / spare, extent[1] * spare]);
  } else if (nice && !axis.ticks) {
    /** @type {import("d3-scale").ScaleLinear<number, number>} */ (scale).nice(FINE);
  }
  const [low, high] = scale.domain();
  return scale.domain([fixed[0] ?? low, fixed[1] ?? high]).range(range);
}

/**
 * The ticks of a scale.
 * @param {Axis} axis
 * @param {Scale} scale
 * @param {number} count
 * @returns {Tick[]}
 */
export function ticksOf(axis, scale, count) {
  if (axis.ticks) {
    const [low, high] = scale.domain();
    const slack = (high - low) * 1e-9;
    return axis.ticks
      .map((tick) =>
        Array.isArray(tick) ? tick : /** @type {[number, string]} */ ([tick, plain(tick)]),
      )
      .filter(([value]) => value >= low - slack && value <= high + slack)
      .map(([value, text]) => ({ value, text }));
  }
  if (axis.scale === "log") return logTicks(scale, count);
  const text = scale.tickFormat(count);
  return scale.ticks(count).map((value) => ({ value, text: text(value) }));
}

/**
 * Powers of ten if at least two fit, else 1, 2, 5; else the ticks of a linear axis.
 * @param {Scale} scale
 * @param {number} count
 * @returns {Tick[]}
 */
function logTicks(scale, count) {
  const [low, high] = scale.domain();
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first >= 1) {
    const stride = Math.ceil((last - first + 1) / Math.max(2, count));
    const exponents = [];
    for (let k = first; k <= last; k += stride) exponents.push(k);
    if (last - first === 1 && count >= 5) return oneTwoFive(low, high);
    const powers = exponents.some((k) => k < -3 || k > 5);
    return exponents.map((k) => ({
      value: 10 ** k,
      text: powers ? (k === 0 ? "1" : `10${superscript(k)}`) : plain(10 ** k),
    }));
  }
  const ticks = oneTwoFive(low, high);
  if (ticks.length >= 2) return ticks;
  const linear = scaleLinear().domain([low, high]);
  const text = linear.tickFormat(count);
  return linear.ticks(Math.min(count, 4)).map((value) => ({ value, text: text(value) }));
}

/** @param {number} low @param {number} high @returns {Tick[]} */
function oneTwoFive(low, high) {
  const ticks = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k += 1) {
    for (const digit of [1, 2, 5]) {
      const value = k < 0 ? digit / 10 ** -k : digit * 10 ** k;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
        ticks.push({ value, text: plain(value) });
    }
  }
  return ticks;
}

/** @param {number} value */
function plain(value) {
  const size = Math.abs(value);
  return typeset(format(size !== 0 && (size < 1e-3 || size >= 1e6) ? ".3~e" : ",.6~g")(value));
}
