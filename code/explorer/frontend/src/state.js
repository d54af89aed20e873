// @ts-check
/**
 * The settings of all explorers of a page in its address: #raster:N=100&gain=4;flow:seed=3
 * @import { Values } from "./types.js"
 * @typedef {Record<string, (string | number)[]>} Stops
 */

/**
 * The part of a fragment that belongs to one explorer, or null.
 * @param {string} fragment  with or without its #
 * @param {string} id
 * @returns {string | null}
 */
export function partOf(fragment, id) {
  for (const part of fragment.replace(/^#/, "").split(";")) {
    if (part.startsWith(`${id}:`)) return part.slice(id.length + 1);
  }
  return null;
}

/**
 * The values that a part asks for. What cannot be met keeps its present value and is reported.
 * @param {string} part
 * @param {Stops} stops
 * @param {Values} present
 * @param {(name: string) => string} label
 * @returns {{ values: Values, problems: string[] }}
 */
export function readPart(part, stops, present, label = (name) => name) {
  const values = { ...present };
  const problems = [];
  for (const pair of part.split("&").filter(Boolean)) {
    const [name, text] = splitPair(pair);
    if (text === null) {
      problems.push(`“${name}” is not of the form name=value`);
    } else if (!Object.hasOwn(stops, name)) {
      problems.push(`there is no parameter “${name}”, only ${Object.keys(stops).join(", ")}`);
    } else {
      const found = stops[name].find((stop) => same(stop, text));
      if (found === undefined) {
        problems.push(`${label(name)} = ${text} is not one of ${listed(stops[name])}`);
      } else values[name] = found;
    }
  }
  return { values, problems };
}

/**
 * The fragment with one explorer's settings replaced; settings at their start are left out.
 * @param {string} fragment
 * @param {string} id
 * @param {Values} values
 * @param {Values} start
 * @returns {string}  without #; empty when nothing differs
 */
export function withPart(fragment, id, values, start) {
  const pairs = Object.entries(values)
    .filter(([name, value]) => value !== start[name])
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  const others = fragment
    .replace(/^#/, "")
    .split(";")
    .filter((part) => /^[\w-]+:/.test(part) && !part.startsWith(`${id}:`));
  return [...others, ...(pairs.length ? [`${id}:${pairs.join("&")}`] : [])].join(";");
}

/** @param {string} pair @returns {[string, string | null]} */
function splitPair(pair) {
  const [name, text] = [
    pair.split("=")[0],
    pair.includes("=") ? pair.slice(pair.indexOf("=") + 1) : null,
  ];
  try {
    return [decodeURIComponent(name), text === null ? null : decodeURIComponent(text)];
  } catch {
    return [pair, null];
  }
}

/** @param {string | number} stop @param {string} text */
function same(stop, text) {
  return typeof stop === "string" ? stop === text : text.trim() !== "" && Number(text) === stop;
}

/** @param {(string | number)[]} stops */
function listed(stops) {
  if (stops.length <= 8) return stops.join(", ");
  return `${stops.slice(0, 3).join(", ")}, …, ${stops[stops.length - 1]}`;
}
