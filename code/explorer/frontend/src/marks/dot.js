// @ts-check
import { numbers, only, short } from "./read.js";

/**
 * A line of no length with round ends is a disc: one path draws thousands.
 * @type {import("../types.js").MarkModule}
 */
export const dot = {
  swatch: "dot",
  draw(group, mark, frame, { x, y }) {
    const xs = numbers(frame, mark.x);
    const ys = numbers(frame, mark.y);
    let d = "";
    for (let i = 0; i < xs.length; i += 1) {
      const [px, py] = [x(xs[i]), y(ys[i])];
      if (Number.isFinite(px) && Number.isFinite(py)) d += `M${short(px)},${short(py)}h0`;
    }
    only(group, "path", {
      d,
      class: "ex-stroke ex-round",
      "stroke-width": 2 * mark.size,
      "stroke-opacity": xs.length > 1 ? 0.8 : null,
    });
  },
};
