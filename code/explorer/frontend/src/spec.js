// @ts-check
/**
 * Reading what Python wrote.
 * @import { Frame } from "./types.js"
 */

/**
 * A frame from JSON, where an array is {shape, values} and null is NaN.
 * @param {Record<string, any>} content
 * @returns {Frame}
 */
export function readFrame(content) {
  return Object.fromEntries(
    Object.entries(content).map(([name, entry]) => {
      if (entry === null || typeof entry !== "object") return [name, entry];
      const values = Float64Array.from(entry.values, (value) => (value === null ? NaN : value));
      return [name, { shape: entry.shape, values }];
    }),
  );
}
