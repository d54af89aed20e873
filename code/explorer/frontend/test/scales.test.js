// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { makeScale, ticksOf } from "../src/scales.js";
import { makeTrack } from "../src/slider.js";

/** @type {import("../src/types.js").Axis} */
const plain = { label: "", unit: "", domain: null, scale: "linear", ticks: null };

test("an open end becomes round, a fixed one stays", () => {
  assert.deepEqual(makeScale(plain, [0.13, 9.7], [0, 100], true).domain(), [0, 10]);
  const half = { ...plain, domain: [0.13, null] };
  assert.deepEqual(makeScale(half, [0.13, 9.7], [0, 100], true).domain(), [0.13, 10]);
  assert.deepEqual(makeScale(plain, [0.13, 9.7], [0, 100], false).domain(), [0.13, 9.7]);
});

test("ticks of a log axis: powers, few enough, in words a reader knows", () => {
  const log = { ...plain, scale: /** @type {const} */ ("log") };
  const texts = (/** @type {[number, number]} */ extent, /** @type {number} */ count) =>
    ticksOf(log, makeScale(log, extent, [0, 100], false), count).map(({ text }) => text);
  assert.deepEqual(texts([10, 10000], 5), ["10", "100", "1,000", "10,000"]);
  assert.deepEqual(texts([1e-6, 1], 4), ["10⁻⁶", "10⁻⁴", "10⁻²", "1"]);
  assert.deepEqual(texts([2, 9], 4), ["2", "5"]);
  assert.ok(texts([2, 2.5], 4).length >= 2);
  for (const high of [1.5, 7, 30, 1e3, 1e9]) assert.ok(texts([1, high], 5).length >= 2);
});

test("ticks of the view's own", () => {
  const axis = {
    ...plain,
    ticks: /** @type {[number, string][]} */ ([
      [0, "0"],
      [3.1416, "π"],
    ]),
  };
  const scale = makeScale(axis, [0, 3.1416], [0, 100], true);
  assert.deepEqual(
    ticksOf(axis, scale, 5).map(({ text }) => text),
    ["0", "π"],
  );
});

test("a slider of stops", () => {
  const track = makeTrack(["sine", "cosine"], true);
  assert.equal(track.last, 1);
  assert.equal(track.value(1), "cosine");
  assert.equal(track.position("cosine"), 1);
  assert.equal(makeTrack([10, 100, 1000], false).position(90), 1);
});

for (const stops of [
  [10, 100, 10000],
  [0, 1, 7],
  [0.5, 1, 2],
  [-1.5, 0, 3],
  [1e-3, 1],
]) {
  test(`a continuous slider from ${stops[0]} to ${stops.at(-1)}`, () => {
    const track = makeTrack(stops, true);
    const whole = stops.every(Number.isInteger);
    assert.equal(track.value(0), stops[0]);
    assert.equal(track.value(track.last), stops.at(-1));
    let before = -Infinity;
    for (let position = 0; position <= track.last; position += 1) {
      const value = Number(track.value(position));
      assert.ok(value >= before);
      assert.ok(!whole || Number.isInteger(value));
      before = value;
    }
    for (const stop of stops) {
      const back = Number(track.value(track.position(stop)));
      assert.ok(
        Math.abs(back - stop) <= (whole && stop < 100 ? 0.5 : 0.01 * (Math.abs(stop) + 1)),
      );
    }
  });
}
