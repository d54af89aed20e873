// @ts-check
import { drawText } from "../scripts.js";
import { fill, typeset } from "../template.js";
import { numbers, only, short } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const text = {
  swatch: null,
  draw(group, mark, frame, { x, y, values, fontSize }) {
    const written = typeset(fill(mark.text, values));
    const node = only(group, "text", {
      class: "ex-note",
      x: short(x(numbers(frame, mark.x)[0])),
      y: short(y(numbers(frame, mark.y)[0])),
      dx: { start: 5, middle: 0, end: -5 }[/** @type {"start"} */ (mark.anchor)],
      dy: "0.32em",
      "font-size": fontSize,
      "text-anchor": mark.anchor,
    });
    drawText(node, written);
  },
};
