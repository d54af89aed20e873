// @ts-check
import { numbers, onePath, short } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const raster = {
  swatch: "tick",
  draw(group, mark, frame, { x, y }) {
    const times = numbers(frame, mark.x);
    const places = numbers(frame, mark.y);
    const half = mark.size / 2;
    const parts = new Array(times.length);
    for (let i = 0; i < times.length; i += 1) {
      parts[i] = `M${short(x(times[i]))},${short(y(places[i]) - half)}v${mark.size}`;
    }
    onePath(group, parts.join(""))
      .attr("class", "ex-stroke")
      .attr("stroke-width", times.length > 1500 ? 0.8 : 1.1);
  },
};
