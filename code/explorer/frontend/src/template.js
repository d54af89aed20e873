// @ts-check
/**
 * Templates of labels and descriptions, filled exactly as `explorer/template.py` fills them:
 * a field is {name} or {name:format}, a format is [+][,][.digits][type] with type d, f, g, e, %
 * or s.
 * @typedef {string | number} Value
 */

const FORMAT = /^(\+?)(,?)(\.\d+)?([dfge%s]?)$/;
const FIELD = /\{\{|\}\}|\{([^{}:]+)(?::([^{}]*))?\}/g;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * The value as text.
 * @param {Value} value
 * @param {string} spec
 * @returns {string}
 */
export function formatValue(value, spec = "") {
  const match = FORMAT.exec(spec);
  if (!match) throw new Error(`a format is [+][,][.digits][d f g e % s], but format = ${spec}`);
  if (typeof value === "string") return value;
  const whole = Number.isInteger(value) && Math.abs(value) < 1e15;
  const digits = match[3] ? Number(match[3].slice(1)) : 6;
  const size = Math.abs(value);
  let text;
  if (match[4] === "d" || (match[4] === "" && !match[3] && whole)) text = String(size);
  else if (match[4] === "f") text = fixed(size, digits);
  else if (match[4] === "%") text = `${fixed(size * 100, digits)}%`;
  else if (match[4] === "e") text = exponential(size, digits);
  else text = general(size, digits || 1);
  if (match[2]) text = text.replace(/^\d+/, (int) => int.replace(/\B(?=(\d{3})+$)/g, ","));
  const zero = !/[1-9]/.test(text.split("e")[0]);
  return (value < 0 && !zero ? "-" : match[1]) + text;
}

/**
 * The template with every field filled.
 * @param {string} template
 * @param {Record<string, unknown>} values
 * @returns {string}
 */
export function fill(template, values) {
  return template.replace(FIELD, (whole, name, spec) => {
    if (whole === "{{") return "{";
    if (whole === "}}") return "}";
    return formatValue(/** @type {Value} */ (values[name]), spec ?? "");
  });
}

/**
 * Text for the eye: 1.2e-05 becomes 1.2×10⁻⁵, and -1 gets a true minus sign.
 * @param {string} text
 * @returns {string}
 */
export function typeset(text) {
  return text
    .replace(/(\d)e([+-])0*(\d+)/g, (_, digit, sign, exponent) => {
      return `${digit}×10${superscript(Number(sign + exponent))}`;
    })
    .replace(/(?<![\p{L}\p{N}_-])-(?=\d)/gu, "−");
}

/**
 * An integer as an exponent.
 * @param {number} exponent
 */
export function superscript(exponent) {
  const digits = String(Math.abs(exponent)).replace(
    /\d/g,
    (digit) => SUPERSCRIPTS[Number(digit)],
  );
  return (exponent < 0 ? "⁻" : "") + digits;
}

// JavaScript rounds a tie up, Python to even; a tie shows in the exact expansion: it ends there.

/** @param {number} size @param {number} digits */
function fixed(size, digits) {
  if (size >= 1e21) return `${BigInt(size)}${digits ? `.${"0".repeat(digits)}` : ""}`;
  return toEven(size.toFixed(digits), size.toFixed(Math.min(100, digits + 40)));
}

/** @param {number} size @param {number} digits */
function exponential(size, digits) {
  const [rounded, exponent] = size.toExponential(digits).split("e");
  const [exact, other] = size.toExponential(Math.min(100, digits + 40)).split("e");
  const mantissa = exponent === other ? toEven(rounded, exact) : rounded;
  const order = Number(exponent);
  return `${mantissa}e${order < 0 ? "-" : "+"}${String(Math.abs(order)).padStart(2, "0")}`;
}

/** @param {number} size @param {number} digits */
function general(size, digits) {
  const text = exponential(size, digits - 1);
  const order = Number(text.split("e")[1]);
  if (order >= -4 && order < digits) return trimmed(fixed(size, digits - 1 - order));
  const [mantissa, exponent] = text.split("e");
  return `${trimmed(mantissa)}e${exponent}`;
}

/** @param {string} text */
function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * The rounded decimal, its last digit made even if the exact one lies half-way.
 * @param {string} rounded
 * @param {string} exact
 */
function toEven(rounded, exact) {
  const kept = rounded.length + (rounded.includes(".") ? 0 : 1);
  const below = rounded.includes(".") ? exact.slice(0, kept) : exact.split(".")[0];
  if (below === rounded || !/^50*$/.test(exact.slice(kept))) return rounded;
  return Number(below.at(-1)) % 2 === 0 ? below : rounded;
}
