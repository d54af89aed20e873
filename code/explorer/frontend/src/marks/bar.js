// @ts-check
import { numbers, only, short } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const bar = {
  swatch: "patch",
  draw(group, mark, frame, { x, y, width, height }) {
    const xs = numbers(frame, mark.x);
    const ys = numbers(frame, mark.y);
    const centres = Array.from(xs, (value) => x(value));
    const sorted = [...centres].sort((a, b) => a - b);
    let spacing = sorted.length > 1 ? Infinity : width / 4;
    for (let i = 1; i < sorted.length; i += 1)
      spacing = Math.min(spacing, sorted[i] - sorted[i - 1]);
    const half = Math.max(spacing - Math.min(1, spacing / 4), 0.75) / 2;
    const zero = y(0);
    const base = Number.isFinite(zero) ? zero : height; // a log axis has no zero
    let d = "";
    for (let i = 0; i < xs.length; i += 1) {
      const top = y(ys[i]);
      if (!Number.isFinite(top) || top === base) continue;
      const foot = short(base);
      d += `M${short(centres[i] - half)},${foot}V${short(top)}h${short(2 * half)}V${foot}Z`;
    }
    only(group, "path", { d, class: "ex-fill ex-bar" });
  },
};
