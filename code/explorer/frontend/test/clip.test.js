// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { clipped, panelBox } from "../src/marks/clip.js";

/** @type {[number, number, number, number]} */
const box = [0, 0, 10, 10];

test("a segment inside is left as it is", () => {
  /** @type {[number, number]} */
  const a = [1, 2];
  /** @type {[number, number]} */
  const b = [3, 4];
  const seen = clipped(a, b, box);
  assert.ok(seen && seen[0] === a && seen[1] === b);
});

test("a segment that leaves is cut where it crosses, without a change of slope", () => {
  assert.deepEqual(clipped([0, 5], [2e9, 1e9 + 5], box), [
    [0, 5],
    [10, 10],
  ]);
  assert.deepEqual(clipped([-5, 20], [15, 0], box), [
    [5, 10],
    [10, 5],
  ]);
});

test("a segment that passes by is not drawn", () => {
  assert.equal(clipped([-5, 5], [5, 20], box), null);
  assert.equal(clipped([-1, 0], [-1, 10], box), null);
  assert.equal(clipped([3, 11], [7, 11], box), null);
});

test("upright and level segments", () => {
  assert.deepEqual(clipped([4, -50], [4, 50], box), [
    [4, 0],
    [4, 10],
  ]);
});

test("the box of two scales, one of them upside down", () => {
  const scale = (/** @type {number[]} */ ...range) => ({ range: () => range });
  assert.deepEqual(panelBox(scale(0, 300), scale(200, 0)), [-20, -20, 320, 220]);
});
