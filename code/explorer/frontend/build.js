// @ts-check
/** The bundles: for pages, for Jupyter, and for drawing at build time. */
import { build } from "esbuild";

/** @type {import("esbuild").BuildOptions} */
const common = { bundle: true, minify: true, legalComments: "none", logLevel: "warning" };

/** @type {import("esbuild").BuildOptions} */
const page = { ...common, target: "es2022", loader: { ".css": "text" } };

const require =
  "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** @type {import("esbuild").BuildOptions[]} */
const bundles = [
  { ...page, entryPoints: ["src/explorer.js"], outfile: "dist/explorer.js", format: "iife" },
  { ...page, entryPoints: ["src/widget.js"], outfile: "dist/widget.js", format: "esm" },
  { ...common, entryPoints: ["style/explorer.css"], outfile: "dist/explorer.css" },
  {
    ...common,
    entryPoints: ["src/static.js"],
    outfile: "dist/static.js",
    format: "esm",
    platform: "node",
    external: ["canvas"],
    banner: { js: require }, // linkedom's dependencies are CommonJS modules
  },
];

await Promise.all(bundles.map((bundle) => build(bundle)));
