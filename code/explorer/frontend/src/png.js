// @ts-check
/**
 * A PNG with a palette of 256 colours as a data address: heat maps look the same in the page,
 * in the build and in a saved file, and none of them needs a canvas.
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/**
 * @param {Uint8Array} cells  palette numbers, row by row from the top
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array} palette  256 x (red, green, blue, alpha)
 */
export function pngAddress(cells, width, height, palette) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3], 8);
  const rows = new Uint8Array((width + 1) * height); // each row begins with its filter, 0
  for (let r = 0; r < height; r += 1) {
    rows.set(cells.subarray(r * width, (r + 1) * width), r * (width + 1) + 1);
  }
  const colours = new Uint8Array(768);
  const alphas = new Uint8Array(256);
  for (let i = 0; i < 256; i += 1) {
    colours.set(palette.subarray(4 * i, 4 * i + 3), 3 * i);
    alphas[i] = palette[4 * i + 3];
  }
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", header),
    chunk("PLTE", colours),
    chunk("tRNS", alphas),
    chunk("IDAT", stored(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  let text = "";
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 8192)
      text += String.fromCharCode(...part.subarray(i, i + 8192));
  }
  return `data:image/png;base64,${btoa(text)}`;
}

/** @param {string} kind @param {Uint8Array} data */
function chunk(kind, data) {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i += 1) bytes[4 + i] = kind.charCodeAt(i);
  bytes.set(data, 8);
  let crc = 0xffffffff;
  for (let i = 4; i < data.length + 8; i += 1) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  view.setUint32(data.length + 8, (crc ^ 0xffffffff) >>> 0);
  return bytes;
}

/**
 * A zlib stream of stored blocks.
 * @param {Uint8Array} data
 */
function stored(data) {
  const blocks = Math.max(1, Math.ceil(data.length / 65535));
  const bytes = new Uint8Array(data.length + 5 * blocks + 6);
  const view = new DataView(bytes.buffer);
  bytes.set([0x78, 0x01]);
  let at = 2;
  for (let b = 0; b < blocks; b += 1) {
    const part = data.subarray(b * 65535, (b + 1) * 65535);
    bytes[at] = b === blocks - 1 ? 1 : 0;
    view.setUint16(at + 1, part.length, true);
    view.setUint16(at + 3, ~part.length & 0xffff, true);
    bytes.set(part, at + 5);
    at += 5 + part.length;
  }
  let a = 1;
  let b = 0;
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  view.setUint32(at, ((b << 16) | a) >>> 0);
  return bytes;
}
