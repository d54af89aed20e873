// @ts-check
/** Brings every explorer of a page to life. */
import { mount } from "./mount.js";
import { latticeSource } from "./sources/lattice.js";
import { readFrame } from "./spec.js";

const here =
  document.currentScript instanceof HTMLScriptElement
    ? document.currentScript.src
    : location.href;

/**
 * The lattice of an explorer: in the page, or in a script beside it that registers itself.
 * @param {any} stored
 */
async function load(stored) {
  if (stored.frames) return stored.frames;
  const page = /** @type {Window & { fieldlimitLattices?: Record<string, any> }} */ (window);
  const known = (page.fieldlimitLattices ??= {});
  if (!known[stored.key]) await loadScript(new URL(folder() + stored.file, here).href);
  if (!known[stored.key])
    throw new Error(`The file ${stored.file} does not hold the frames of this explorer.`);
  return known[stored.key];
}

/** Where the lattices lie, seen from this script. */
function folder() {
  return document.documentElement.dataset.lattices ?? "lattices/";
}

/** @param {string} address @returns {Promise<void>} */
function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve();
    script.onerror = () => {
      script.remove();
      const file = address.split("/").pop();
      reject(new Error(`The frames of this explorer could not be loaded: ${file} is missing.`));
    };
    document.head.append(script);
  });
}

/** @type {Set<string>} */
const taken = new Set();

/** @param {string} wanted */
function unique(wanted) {
  let id = wanted;
  for (let n = 2; taken.has(id); n += 1) id = `${wanted}-${n}`;
  taken.add(id);
  return id;
}

/** @param {HTMLElement} host */
function start(host) {
  const script = host.querySelector('script[type="application/json"]');
  const still = /** @type {HTMLElement | null} */ (host.querySelector(".ex-still"));
  try {
    const { lattice, ...spec } = JSON.parse(script?.textContent ?? "");
    spec.first = readFrame(spec.first);
    const id = unique(spec.id);
    const source = latticeSource(spec.stops, () => load(lattice));
    if (still) still.hidden = true;
    mount(host, spec, source, { id, address: true });
    host.dataset.ready = "true";
  } catch (error) {
    if (still) still.hidden = false;
    host.querySelector(".ex")?.remove();
    const note = document.createElement("p");
    note.className = "ex-message";
    note.textContent = `This explorer could not be started (${error}). The figure stands.`;
    host.append(note);
  }
}

function startAll() {
  for (const host of document.querySelectorAll(".fl-explorer[data-explorer]:not([data-ready])")) {
    start(/** @type {HTMLElement} */ (host));
  }
  performance.mark("explorers-interactive");
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
else startAll();
