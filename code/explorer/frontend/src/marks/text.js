// @ts-check
import { fill, typeset } from "../template.js";
import { numbers } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const text = {
  swatch: null,
  draw(group, mark, frame, { x, y, values, fontSize }) {
    const written = typeset(fill(mark.text, values));
    group
      .selectAll("text")
      .data([written])
      .join("text")
      .attr("class", "ex-note")
      .attr("x", x(numbers(frame, mark.x)[0]))
      .attr("y", y(numbers(frame, mark.y)[0]))
      .attr("dx", { start: 5, middle: 0, end: -5 }[/** @type {"start"} */ (mark.anchor)])
      .attr("dy", "0.32em")
      .attr("font-size", fontSize)
      .attr("text-anchor", mark.anchor)
      .text(written);
  },
};
