// @ts-check
import { numbers, only, short } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const raster = {
  swatch: "tick",
  draw(group, mark, frame, { x, y }) {
    const times = numbers(frame, mark.x);
    const places = numbers(frame, mark.y);
    const half = mark.size / 2;
    let d = "";
    for (let i = 0; i < times.length; i += 1) {
      const [px, py] = [x(times[i]), y(places[i]) - half];
      if (Number.isFinite(px) && Number.isFinite(py)) {
        d += `M${short(px)},${short(py)}v${mark.size}`;
      }
    }
    const width = times.length > 1500 ? 0.8 : 1.1;
    only(group, "path", { d, class: "ex-stroke", "stroke-width": width });
  },
};
