// @ts-check
import { area as d3area } from "d3-shape";

import { numbers, only } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const area = {
  swatch: "patch",
  draw(group, mark, frame, { x, y }) {
    const xs = numbers(frame, mark.x);
    const lower = numbers(frame, mark.lower);
    const upper = numbers(frame, mark.upper);
    const low = (/** @type {number} */ i) => y(lower.length > 1 ? lower[i] : lower[0]);
    const high = (/** @type {number} */ i) => y(upper.length > 1 ? upper[i] : upper[0]);
    const path = d3area(
      (_, i) => x(xs[i]),
      (_, i) => low(i),
      (_, i) => high(i),
    )
      .defined((_, i) => [x(xs[i]), low(i), high(i)].every(Number.isFinite))
      .digits(2);
    const d = path(/** @type {any} */ (xs)) ?? "";
    only(group, "path", { d, class: "ex-fill ex-soft" });
  },
};
