// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { partOf, readPart, withPart } from "../src/state.js";

const stops = { N: [10, 100, 1000], gain: [0.5, 1, 2], rule: ["sharp", "a & b; c"] };
const start = { N: 10, gain: 1, rule: "sharp" };

test("an explorer finds its part, and no other's", () => {
  assert.equal(partOf("#raster:N=100;flow:seed=3", "flow"), "seed=3");
  assert.equal(partOf("#raster:N=100;flow:seed=3", "low"), null);
  assert.equal(partOf("#theorem-3", "raster"), null);
  assert.equal(partOf("", "raster"), null);
});

test("settings go to the address and back, whatever their texts contain", () => {
  const values = { N: 1000, gain: 0.5, rule: "a & b; c" };
  const fragment = withPart("#flow:seed=3", "raster", values, start);
  assert.ok(fragment.startsWith("flow:seed=3;raster:"));
  const { values: back, problems } = readPart(partOf(fragment, "raster") ?? "", stops, start);
  assert.deepEqual(back, values);
  assert.deepEqual(problems, []);
});

test("a setting at its start leaves the address clean", () => {
  assert.equal(withPart("#raster:N=100", "raster", start, start), "");
  assert.equal(withPart("#some-section", "raster", { ...start, N: 100 }, start), "raster:N=100");
});

test("what cannot be met is said, and the rest is followed", () => {
  const { values, problems } = readPart("N=55&gain=2&colour=red&%E0%A4%A&N", stops, start);
  assert.deepEqual(values, { ...start, gain: 2 });
  assert.equal(problems.length, 4);
  assert.match(problems[0], /N = 55 is not one of 10, 100, 1000/);
  assert.match(problems[1], /colour/);
});

test("names of the language are no parameters", () => {
  const { problems } = readPart("constructor=1&__proto__=2&N=", stops, start);
  assert.equal(problems.length, 3);
});
