// @ts-check
import { clipped, panelBox } from "./clip.js";
import { only, rows, short } from "./read.js";

const FEW = 6; // more curves are drawn thinner, as a bundle

/** @type {import("../types.js").MarkModule} */
export const line = {
  swatch: "line",
  draw(group, mark, frame, { x, y }) {
    const abscissae = rows(frame, mark.x);
    const ordinates = rows(frame, mark.y);
    const box = panelBox(x, y);
    const d = ordinates
      .map((values, r) => {
        const xs = abscissae[abscissae.length > 1 ? r : 0];
        let path = "";
        /** @type {[number, number] | null} */
        let last = null;
        /** @type {[number, number] | null} */
        let pen = null;
        for (let i = 0; i < values.length; i += 1) {
          /** @type {[number, number]} */
          const next = [x(xs[i]), y(values[i])];
          const finite = Number.isFinite(next[0]) && Number.isFinite(next[1]);
          const seen = finite && last ? clipped(last, next, box) : null;
          if (seen) {
            if (seen[0] !== pen) path += `M${short(seen[0][0])},${short(seen[0][1])}`;
            path += `L${short(seen[1][0])},${short(seen[1][1])}`;
            pen = seen[1];
          }
          last = finite ? next : null; // a gap
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
