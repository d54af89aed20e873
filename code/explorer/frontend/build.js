// @ts-check
/** The bundles: for pages, for Jupyter, and for drawing at build time. */
import { build } from "esbuild";

const common = { bundle: true, minify: true, legalComments: /** @type {const} */ ("none"), logLevel: /** @type {const} */ ("warning") };

await Promise.all([
  build({ ...common, entryPoints: ["src/explorer.js"], outfile: "dist/explorer.js", format: "iife", target: "es2022", loader: { ".css": "text" } }),
  build({ ...common, entryPoints: ["src/widget.js"], outfile: "dist/widget.js", format: "esm", target: "es2022", loader: { ".css": "text" } }),
  build({ ...common, entryPoints: ["src/static.js"], outfile: "dist/static.js", format: "esm", platform: "node", target: "node20", external: ["canvas"], banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } }),
  build({ ...common, entryPoints: ["style/explorer.css"], outfile: "dist/explorer.css" }),
]);
