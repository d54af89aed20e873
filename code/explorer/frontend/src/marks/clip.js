// @ts-check

const MARGIN = 20; // pixels around the panel: wider than half of any stroke, so that no end shows

/**
 * The part of the segment from a to b that lies in the panel or close to it, or null (Liang and
 * Barsky). A curve that leaves by a million pixels would be drawn, and dashed, all the way.
 * @param {[number, number]} a
 * @param {[number, number]} b
 * @param {[number, number, number, number]} box  least x, least y, greatest x, greatest y
 * @returns {[[number, number], [number, number]] | null}
 */
export function clipped(a, b, box) {
  let [from, to] = [0, 1];
  for (const axis of [0, 1]) {
    const step = b[axis] - a[axis];
    const [low, high] = [box[axis] - a[axis], box[axis + 2] - a[axis]];
    if (step === 0) {
      if (low > 0 || high < 0) return null;
      continue;
    }
    const [enter, leave] = step > 0 ? [low / step, high / step] : [high / step, low / step];
    from = Math.max(from, enter);
    to = Math.min(to, leave);
  }
  if (from > to) return null;
  return [from > 0 ? along(a, b, from) : a, to < 1 ? along(a, b, to) : b];
}

/**
 * The rectangle that two scales span, with a margin.
 * @param {{ range(): number[] }} x
 * @param {{ range(): number[] }} y
 * @returns {[number, number, number, number]}
 */
export function panelBox(x, y) {
  const [xs, ys] = [x.range(), y.range()];
  return [
    Math.min(...xs) - MARGIN,
    Math.min(...ys) - MARGIN,
    Math.max(...xs) + MARGIN,
    Math.max(...ys) + MARGIN,
  ];
}

/**
 * @param {[number, number]} a
 * @param {[number, number]} b
 * @param {number} share
 * @returns {[number, number]}
 */
const along = (a, b, share) => [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
