// @ts-check
/**
 * From the positions of a range input to the values of a parameter and back.
 * @typedef {object} Track
 * @property {number} last  positions are 0, 1, ..., last
 * @property {(position: number) => string | number} value
 * @property {(value: string | number) => number} position
 */

const FINE = 600;
const MANY = 20; // a range of positive numbers with this ratio is divided evenly in logarithms

/**
 * @param {(string | number)[]} stops
 * @param {boolean} continuous
 * @param {boolean} [whole]  whether values between the stops are whole numbers
 * @returns {Track}
 */
export function makeTrack(stops, continuous, whole = stops.every(Number.isInteger)) {
  const numbers = stops.filter((stop) => typeof stop === "number");
  if (!continuous || numbers.length < 2) {
    return {
      last: stops.length - 1,
      value: (position) => stops[position],
      position: (value) => nearest(stops, value),
    };
  }
  const [low, high] = [numbers[0], numbers[numbers.length - 1]];
  if (low > 0 && high / low >= MANY) {
    const ratio = Math.log(high / low);
    const value = (/** @type {number} */ position) => low * Math.exp((ratio * position) / FINE);
    return {
      last: FINE,
      value: (position) =>
        within(whole ? Math.round(value(position)) : rounded(value(position)), low, high),
      position: (v) => Math.round((FINE * Math.log(Number(v) / low)) / ratio),
    };
  }
  if (whole) {
    const step = Math.max(1, Math.ceil((high - low) / FINE));
    return {
      last: Math.ceil((high - low) / step),
      value: (position) => within(low + position * step, low, high),
      position: (v) => Math.round((Number(v) - low) / step),
    };
  }
  return {
    last: FINE,
    value: (position) =>
      within(rounded(low + ((high - low) * position) / FINE, (high - low) / FINE), low, high),
    position: (v) => Math.round((FINE * (Number(v) - low)) / (high - low)),
  };
}

/**
 * As few digits as tell neighbours apart.
 * @param {number} value
 * @param {number} step
 */
function rounded(value, step = Math.abs(value) / 500) {
  const digits = Math.max(0, Math.min(15, Math.ceil(-Math.log10(step))));
  return Number(value.toFixed(digits));
}

/** @param {number} value @param {number} low @param {number} high */
function within(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** @param {(string | number)[]} stops @param {string | number} value */
function nearest(stops, value) {
  const exact = stops.indexOf(value);
  if (exact >= 0 || typeof value === "string") return Math.max(0, exact);
  let best = 0;
  stops.forEach((stop, i) => {
    if (Math.abs(Number(stop) - value) < Math.abs(Number(stops[best]) - value)) best = i;
  });
  return best;
}
