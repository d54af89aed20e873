// @ts-check
/** The first frame as SVG, drawn at build time: `node static.js < spec.json > figure.svg`. */
import { readFileSync } from "node:fs";
import { parseHTML } from "linkedom";

import { createFigure } from "./figure.js";
import { readFrame } from "./spec.js";

const WIDTH = 720;
const spec = JSON.parse(readFileSync(0, "utf8"));
const { document } = parseHTML("<!doctype html><html><body></body></html>");
const figure = createFigure(spec, /** @type {any} */ (document));
figure.resize(WIDTH, 12);
figure.draw(readFrame(spec.first), spec.start);
process.stdout.write(figure.node.toString());
