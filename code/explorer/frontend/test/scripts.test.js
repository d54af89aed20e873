// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHTML } from "linkedom";

import { drawText, plain, runs, writeText } from "../src/scripts.js";
import { textWidth } from "../src/text.js";

const { document } = parseHTML("<html><body></body></html>");
const SVG = "http://www.w3.org/2000/svg";

/** @param {string} text */
const levels = (text) => runs(text).map(({ text: run, level }) => [run, level]);

/** @param {string} text @param {Element} node */
function drawn(text, node = document.createElementNS(SVG, "text")) {
  drawText(node, text);
  return node;
}

test("a script is one letter, or what stands in braces", () => {
  assert.deepEqual(levels("‖h_N(t) − h(t)‖"), [
    ["‖h", 0],
    ["N", -1],
    ["(t) − h(t)‖", 0],
  ]);
  assert.deepEqual(levels("K_{op}"), [
    ["K", 0],
    ["op", -1],
  ]);
  assert.deepEqual(levels("N^{−1/2}"), [
    ["N", 0],
    ["−1/2", 1],
  ]);
  assert.deepEqual(levels("x_i^2"), [
    ["x", 0],
    ["i", -1],
    ["2", 1],
  ]);
});

test("snake_case, a lone sign and plain words are no scripts", () => {
  for (const text of ["two_memories", "_N", "^2", "a _ b", "a_", "x_12", "", "10⁻²", "λ₁"])
    assert.deepEqual(levels(text), text ? [[text, 0]] : []);
});

test("scripts in plain words", () => {
  assert.equal(plain("‖F_N − F‖"), "‖F N − F‖");
  assert.equal(plain("x_1^2 + N^{−1/2}"), "x 1² + N to the power −1/2");
  assert.equal(plain("s^{−1}"), "s⁻¹");
  assert.equal(plain("two_memories"), "two_memories");
});

test("drawn scripts are smaller and return to the line", () => {
  const node = drawn("F_N^2(h) − F(h)");
  const spans = [...node.querySelectorAll("tspan")];
  assert.equal(node.textContent, "FN2(h) − F(h)");
  assert.deepEqual(
    spans.map((span) => span.getAttribute("font-size")),
    [null, "72%", "72%", null],
  );
  let below = 0;
  const heights = spans.map((span) => {
    const size = span.getAttribute("font-size") ? 0.72 : 1;
    below += size * Number.parseFloat(span.getAttribute("dy") ?? "0");
    return below;
  });
  assert.equal(heights[0], 0);
  assert.ok(heights[1] > 0.1);
  assert.ok(heights[2] < -0.1);
  assert.ok(Math.abs(heights[3]) < 2e-3);
});

test("a text is written once, and a new one leaves nothing of the old", () => {
  const node = drawn("F_N");
  const first = node.firstChild;
  drawn("F_N", node);
  assert.equal(node.firstChild, first);
  assert.equal(drawn("F", node).innerHTML, "F");
});

test("scripts in a page", () => {
  const label = document.createElement("label");
  writeText(label, "N^{−1/2} <b> F_N");
  assert.equal(label.innerHTML, "N<sup>−1/2</sup> &lt;b&gt; F<sub>N</sub>");
});

test("a script takes less room than a letter on the line, and the signs take none", () => {
  assert.ok(textWidth("F_N", 10) < textWidth("FN", 10));
  assert.ok(textWidth("F_N", 10) > textWidth("F", 10));
});
