// @ts-check
/**
 * Frames computed beforehand at every combination of stops, coded as `explorer/lattice.py` says.
 * @import { Frame, Source, Values } from "../types.js"
 *
 * @typedef {object} Entry
 * @property {"int" | "linear" | "log" | "float" | "text"} coding
 * @property {number} low
 * @property {number} step
 * @property {number[] | null} shape
 * @property {number[][] | null} shapes
 * @property {string | null} index
 * @property {number[]} counts
 * @property {string[]} chunks
 * @property {string[]} table
 *
 * @typedef {Record<string, Entry>} Lattice
 */

const GAP = 65535;

/**
 * The number of the frame at these values, the last parameter fastest.
 * @param {Record<string, (string | number)[]>} stops
 * @param {Values} values
 */
export function frameNumber(stops, values) {
  let number = 0;
  for (const [name, options] of Object.entries(stops)) {
    const at = options.indexOf(values[name]);
    if (at < 0) throw new Error(`${name} = ${values[name]} is not one of its stops`);
    number = number * options.length + at;
  }
  return number;
}

/**
 * @param {Record<string, (string | number)[]>} stops
 * @param {() => Promise<Lattice>} load
 * @returns {Source}
 */
export function latticeSource(stops, load) {
  /** @type {Promise<Record<string, Reader>> | null} */
  let readers = null;

  function open() {
    readers ??= load().then((lattice) =>
      Object.fromEntries(Object.entries(lattice).map(([name, entry]) => [name, reader(entry)])),
    );
    readers.catch(() => (readers = null)); // a later touch tries again
    return readers;
  }

  return {
    continuous: false,
    async frame(values) {
      const number = frameNumber(stops, values);
      const entries = Object.entries(await open());
      const contents = await Promise.all(entries.map(([, entry]) => entry.at(number)));
      return Object.fromEntries(entries.map(([name], i) => [name, contents[i]]));
    },
    async prepare() {
      for (const entry of Object.values(await open())) await entry.all();
    },
    close() {},
  };
}

/**
 * @typedef {object} Reader
 * @property {(frame: number) => Promise<Frame[string]> | Frame[string]} at
 * @property {() => Promise<unknown>} all
 */

/**
 * @param {Entry} entry
 * @returns {Reader}
 */
function reader(entry) {
  /** @type {Promise<Uint16Array | Uint32Array> | null} */
  let index = null;
  const numbers = () => (index ??= unpack(/** @type {string} */ (entry.index), 2));
  const which = async (/** @type {number} */ frame) =>
    entry.index === null ? frame : (await numbers())[frame];
  if (entry.coding === "text") {
    return { at: async (frame) => entry.table[await which(frame)], all: async () => {} };
  }

  const width = entry.coding === "float" ? 4 : 2;
  /** @type {(Promise<Uint16Array | Uint32Array> | undefined)[]} */
  const chunks = [];
  const chunk = (/** @type {number} */ c) => (chunks[c] ??= unpack(entry.chunks[c], width));
  const places = layout(entry);
  let last = { number: -1, content: /** @type {Frame[string]} */ (0) };

  return {
    async at(frame) {
      const number = await which(frame);
      if (number === last.number) return last.content; // the same object: nothing to draw again
      const place = places(number);
      const codes = (await chunk(place.chunk)).subarray(place.start, place.start + place.size);
      const values = decoded(entry, codes);
      const content = place.shape.length ? { shape: place.shape, values } : values[0];
      last = { number, content };
      return content;
    },
    async all() {
      if (entry.index !== null) await numbers();
      for (let c = 0; c < entry.chunks.length; c += 1) await chunk(c);
    },
  };
}

/** @param {number[]} shape */
const sizeOf = (shape) => shape.reduce((size, n) => size * n, 1);

/**
 * Where each content lies.
 * @param {Entry} entry
 */
function layout(entry) {
  /** @type {{ chunk: number, start: number, size: number, shape: number[] }[]} */
  const places = [];
  entry.counts.forEach((count, c) => {
    let start = 0;
    for (let i = 0; i < count; i += 1) {
      const shape = entry.shape ?? /** @type {number[][]} */ (entry.shapes)[places.length];
      places.push({ chunk: c, start, size: sizeOf(shape), shape });
      start += sizeOf(shape);
    }
  });
  return (/** @type {number} */ number) => places[number];
}

/**
 * @param {Entry} entry
 * @param {Uint16Array | Uint32Array} codes
 */
function decoded({ coding, low, step }, codes) {
  const values = new Float64Array(codes.length);
  if (coding === "float") {
    values.set(new Float32Array(codes.slice().buffer));
    return values;
  }
  for (let i = 0; i < codes.length; i += 1) {
    const value = low + codes[i] * step;
    values[i] = codes[i] === GAP ? NaN : coding === "log" ? Math.exp(value) : value;
  }
  return values;
}

/**
 * Undo base64, gzip, planes and differences.
 * @param {string} text
 * @param {2 | 4} width
 * @returns {Promise<Uint16Array | Uint32Array>}
 */
async function unpack(text, width) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / width;
  const codes = width === 2 ? new Uint16Array(count) : new Uint32Array(count);
  let sum = 0;
  for (let i = 0; i < count; i += 1) {
    let difference = 0;
    for (let p = width - 1; p >= 0; p -= 1) difference = difference * 256 + planes[p * count + i];
    sum = width === 2 ? (sum + difference) & 0xffff : (sum + difference) >>> 0;
    codes[i] = sum;
  }
  return codes;
}
