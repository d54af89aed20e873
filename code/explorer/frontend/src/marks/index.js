// @ts-check
/** Every kind of mark by its name in `explorer/view.py`. */
import { area } from "./area.js";
import { arrow } from "./arrow.js";
import { bar } from "./bar.js";
import { dot } from "./dot.js";
import { heat } from "./heat.js";
import { line } from "./line.js";
import { raster } from "./raster.js";
import { rule } from "./rule.js";
import { text } from "./text.js";

/** @type {Record<string, import("../types.js").MarkModule>} */
export const marks = { area, arrow, bar, dot, heat, line, raster, rule, text };
