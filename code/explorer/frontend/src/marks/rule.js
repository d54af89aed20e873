// @ts-check
import { numbers, only, short } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const rule = {
  swatch: "line",
  draw(group, mark, frame, { x, y, width, height }) {
    const upright = mark.x !== null;
    let d = "";
    for (const value of Array.from(numbers(frame, upright ? mark.x : mark.y))) {
      const at = upright ? x(value) : y(value);
      if (!Number.isFinite(at)) continue;
      d += upright ? `M${short(at)},0V${height}` : `M0,${short(at)}H${width}`;
    }
    const dash = mark.dash ? "5 4" : null;
    only(group, "path", { d, class: "ex-stroke", "stroke-width": 1.5, "stroke-dasharray": dash });
  },
};
