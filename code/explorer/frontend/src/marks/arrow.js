// @ts-check
import { numbers, only, short } from "./read.js";

/** @type {import("../types.js").MarkModule} */
export const arrow = {
  swatch: "arrow",
  draw(group, mark, frame, { x, y }) {
    const [xs, ys, us, vs] = [mark.x, mark.y, mark.u, mark.v].map((name) => numbers(frame, name));
    let d = "";
    for (let i = 0; i < xs.length; i += 1) {
      const [x0, y0] = [x(xs[i]), y(ys[i])];
      const [x1, y1] = [x(xs[i] + us[i]), y(ys[i] + vs[i])];
      const length = Math.hypot(x1 - x0, y1 - y0);
      if (!(length > 0.5) || !Number.isFinite(length)) continue;
      const head = Math.min(5, 0.45 * length) / length;
      const [dx, dy] = [(x1 - x0) * head, (y1 - y0) * head];
      const [left, right] = [
        [x1 - dx - 0.5 * dy, y1 - dy + 0.5 * dx],
        [x1 - dx + 0.5 * dy, y1 - dy - 0.5 * dx],
      ];
      d += `M${short(x0)},${short(y0)}L${short(x1)},${short(y1)}`;
      d += `M${left.map(short)}L${short(x1)},${short(y1)}L${right.map(short)}`;
    }
    only(group, "path", { d, class: "ex-stroke", "stroke-width": 1.1 });
  },
};
