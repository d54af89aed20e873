// @ts-check
/** @import { Values2D } from "../types.js" */
import { pngAddress } from "../png.js";
import { numbers, only, short } from "./read.js";

// Two hues that no role has; they fade into the page, so that zero is the page's own colour.
const POSITIVE = [179, 48, 95];
const NEGATIVE = [64, 92, 190];

/**
 * 254 colours from the low end to the high end, and a clear one for gaps.
 * @param {"diverging" | "sequential"} scheme
 */
function makePalette(scheme) {
  const palette = new Uint8Array(1024);
  for (let i = 0; i < 255; i += 1) {
    const share = i / 254;
    const signed = scheme === "diverging" ? 2 * share - 1 : -share;
    const hue = signed > 0 ? POSITIVE : NEGATIVE;
    palette.set([...hue, Math.round(255 * Math.abs(signed))], 4 * i);
  }
  return palette;
}

const PALETTES = { diverging: makePalette("diverging"), sequential: makePalette("sequential") };
const GAP = 255;

/** @type {import("../types.js").MarkModule} */
export const heat = {
  swatch: "colours",
  draw(group, mark, frame, { x, y, colours }) {
    const { shape, values } = /** @type {Values2D} */ (frame[mark.z]);
    const [height, width] = shape;
    const [low, high] = /** @type {[number, number]} */ (colours);
    const [left, right, across] = edges(numbers(frame, mark.x), x);
    const [bottom, top, up] = edges(numbers(frame, mark.y), y);
    const cells = new Uint8Array(values.length);
    for (let r = 0; r < height; r += 1) {
      for (let c = 0; c < width; c += 1) {
        const value = values[(up ? height - 1 - r : r) * width + (across ? c : width - 1 - c)];
        const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
        cells[r * width + c] = Number.isNaN(value) ? GAP : Math.round(254 * share);
      }
    }
    const palette = PALETTES[/** @type {"diverging"} */ (mark.scheme)];
    only(group, "image", {
      href: pngAddress(cells, width, height, palette),
      preserveAspectRatio: "none",
      "image-rendering": "pixelated",
      x: short(Math.min(left, right)),
      y: short(Math.min(bottom, top)),
      width: short(Math.abs(right - left)),
      height: short(Math.abs(bottom - top)),
    });
  },
};

/**
 * The colour scale as a picture.
 * @param {"diverging" | "sequential"} scheme
 */
export function colourBar(scheme) {
  return pngAddress(
    Uint8Array.from({ length: 255 }, (_, i) => i),
    255,
    1,
    PALETTES[scheme],
  );
}

/**
 * The outer edges of the first and of the last cell, and whether the centres increase.
 * @param {ArrayLike<number>} centres
 * @param {(value: number) => number} scale
 * @returns {[number, number, boolean]}
 */
function edges(centres, scale) {
  const last = centres.length - 1;
  const half = last > 0 ? (centres[last] - centres[0]) / last / 2 : 0.5;
  return [scale(centres[0] - half), scale(centres[last] + half), half > 0];
}
