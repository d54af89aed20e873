// @ts-check
/**
 * Does in JavaScript what the tests in Python do there, to compare: reads {task, ...} from standard
 * input, writes JSON.
 */
import { readFileSync } from "node:fs";

import { latticeSource } from "../src/sources/lattice.js";
import { plain } from "../src/scripts.js";
import { fill, typeset } from "../src/template.js";

const input = JSON.parse(readFileSync(0, "utf8"));

/** @type {Record<string, () => unknown>} */
const tasks = {
  fill: () =>
    input.cases.map((/** @type {[string, any]} */ [text, values]) => fill(text, values)),
  typeset: () => input.cases.map(typeset),
  plain: () => input.cases.map(plain),
  async decode() {
    const source = latticeSource(input.stops, async () => input.lattice);
    const frames = [];
    for (const values of input.settings) {
      const frame = await source.frame(values);
      frames.push(
        Object.fromEntries(
          Object.entries(frame).map(([name, entry]) => {
            if (typeof entry !== "object") return [name, entry];
            const numbers = Array.from(entry.values, (v) => (Number.isNaN(v) ? null : v));
            return [name, { shape: entry.shape, values: numbers }];
          }),
        ),
      );
    }
    return frames;
  },
};

process.stdout.write(JSON.stringify(await tasks[input.task]()));
