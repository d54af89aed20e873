// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHTML } from "linkedom";

import { createFigure } from "../src/figure.js";
import { pngAddress } from "../src/png.js";
import { readFrame } from "../src/spec.js";

const axis = { label: "", unit: "", domain: null, scale: "linear", ticks: null };
const ten = Array.from({ length: 10 }, (_, i) => i);
const frame = readFrame({
  x: { shape: [10], values: ten },
  y: { shape: [10], values: ten.map((v) => (v === 4 ? null : v * v)) },
  many: { shape: [3, 10], values: [...ten, ...ten, ...ten] },
  z: { shape: [10, 10], values: ten.flatMap((a) => ten.map((b) => a - b)) },
  at: 5,
});

/**
 * @param {Record<string, unknown>[]} marks
 * @param {object} options
 */
function drawn(marks, options = {}) {
  const panel = {
    title: "P{at}",
    x: axis,
    y: axis,
    legend: true,
    aspect: 0.6,
    span: 1,
    ...options,
  };
  const full = marks.map((mark) => ({ role: "limit", label: "", ...mark }));
  const spec = {
    id: "test",
    view: { panels: [{ ...panel, marks: full }], controls: {}, description: "d", columns: 0 },
    stops: {},
    start: {},
    domains: { "@0.x": [0, 9], "@0.y": [0, 81], "@0.z0": [-9, 9] },
    first: frame,
  };
  const { document } = parseHTML("<html><body></body></html>");
  const figure = createFigure(/** @type {any} */ (spec), /** @type {any} */ (document));
  figure.draw(frame, {});
  return { figure, text: figure.node.toString() };
}

/** @type {Record<string, Record<string, unknown>>} */
const examples = {
  line: { x: "x", y: "y", width: 2, dash: true },
  area: { x: "x", lower: 0, upper: "y" },
  dot: { x: "x", y: "y", size: 3 },
  bar: { x: "x", y: "y" },
  rule: { x: "at", y: null },
  raster: { x: "x", y: "y", size: 4 },
  arrow: { x: "x", y: "y", u: "x", v: "x" },
  heat: { x: "x", y: "x", z: "z", scheme: "diverging" },
  text: { x: 1, y: "at", text: "at {at}", anchor: "start" },
};

for (const [kind, fields] of Object.entries(examples)) {
  test(`${kind}: drawn once, updated in place, no NaN in any coordinate`, () => {
    const { figure, text } = drawn([{ kind, label: "name {at}", ...fields }]);
    assert.match(text, new RegExp(`ex-mark ex-${kind}`));
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
    assert.match(text, />P5</);
    if (kind !== "text") assert.match(text, />name 5</);
    figure.draw(frame, {});
    assert.equal(figure.node.toString(), text);
  });
}

test("a NaN is a gap in a line, and every row is a curve", () => {
  const moves = (/** @type {string} */ text) =>
    (/class="ex-stroke"[^>]*d="([^"]*)"|d="([^"]*)"[^>]*class="ex-stroke"/.exec(text) ?? [])
      .slice(1)
      .join("")
      .match(/M/g)?.length;
  assert.equal(moves(drawn([{ kind: "line", ...examples.line }]).text), 2);
  assert.equal(moves(drawn([{ kind: "line", ...examples.line, y: "many" }]).text), 3);
});

test("the mark is where its numbers say", () => {
  const { text } = drawn([{ kind: "dot", x: "at", y: 40.5, size: 3 }], {
    y: { ...axis, domain: [0, 81] },
  });
  const plot = /<svg[^>]*class="ex-plot"[^>]*>/.exec(text)?.[0] ?? "";
  const [, , width, height] = (/viewBox="([^"]*)"/.exec(plot)?.[1] ?? "").split(" ").map(Number);
  const [, x, y] = (/M([\d.]+),([\d.]+)h0/.exec(text) ?? []).map(Number);
  assert.ok(Math.abs(x - (5 / 9) * (width - 8)) < 30); // a rounded axis ends at 9 or 10
  assert.ok(Math.abs(y - (height - 8) / 2) < 0.51);
});

test("panels stack when there is no room", () => {
  const { figure } = drawn([{ kind: "dot", ...examples.dot }]);
  figure.resize(366, 12);
  figure.draw(frame, {});
  assert.equal(figure.node.getAttribute("width"), "366");
});

test("a PNG has its signature, its size and its checksums", async () => {
  const palette = new Uint8Array(1024).fill(128);
  const address = pngAddress(Uint8Array.of(0, 1, 2, 3, 4, 5), 3, 2, palette);
  const bytes = Buffer.from(address.split(",")[1], "base64");
  assert.equal(bytes.subarray(1, 4).toString(), "PNG");
  assert.equal(bytes.readUInt32BE(16), 3);
  const { crc32, inflateSync } = await import("node:zlib");
  let at = 8;
  let data = Buffer.alloc(0);
  while (at < bytes.length) {
    const length = bytes.readUInt32BE(at);
    const body = bytes.subarray(at + 4, at + 8 + length);
    assert.equal(bytes.readUInt32BE(at + 8 + length), crc32(body));
    if (body.subarray(0, 4).toString() === "IDAT") data = body.subarray(4);
    at += 12 + length;
  }
  assert.deepEqual([...inflateSync(data)], [0, 0, 1, 2, 0, 3, 4, 5]);
});
