// @ts-check
import { line as d3line } from "d3-shape";

import { only, rows } from "./read.js";

const FEW = 6; // more curves are drawn thinner, as a bundle

/** @type {import("../types.js").MarkModule} */
export const line = {
  swatch: "line",
  draw(group, mark, frame, { x, y }) {
    const abscissae = rows(frame, mark.x);
    const ordinates = rows(frame, mark.y);
    const d = ordinates
      .map((values, r) => {
        const xs = abscissae[abscissae.length > 1 ? r : 0];
        const path = d3line(
          (_, i) => x(xs[i]),
          (_, i) => y(values[i]),
        )
          .defined((_, i) => Number.isFinite(x(xs[i])) && Number.isFinite(y(values[i])))
          .digits(2);
        return path(/** @type {any} */ (values)) ?? "";
      })
      .join("");
    const bundle = ordinates.length > FEW;
    only(group, "path", {
      d,
      class: "ex-stroke",
      "stroke-width": bundle ? mark.width * 0.6 : mark.width,
      "stroke-opacity": bundle ? 0.55 : null,
      "stroke-dasharray": mark.dash ? "6 4" : null,
    });
  },
};
