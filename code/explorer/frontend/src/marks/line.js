// @ts-check
import { only, rows, short } from "./read.js";

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
        let path = "";
        let pen = "M";
        for (let i = 0; i < values.length; i += 1) {
          const [px, py] = [x(xs[i]), y(values[i])];
          if (Number.isFinite(px) && Number.isFinite(py)) {
            path += `${pen}${short(px)},${short(py)}`;
            pen = "L";
          } else pen = "M"; // a gap
        }
        return path;
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
