// @ts-check
/** The explorer as a Jupyter widget (anywidget). */
import { mount } from "./mount.js";
import { kernelSource } from "./sources/kernel.js";
import { readFrame } from "./spec.js";

let count = 0;

/** @param {{ model: import("./sources/kernel.js").Model, el: HTMLElement }} options */
function render({ model, el }) {
  const spec = { ...model.get("spec") };
  spec.first = readFrame(spec.first);
  count += 1;
  const host = document.createElement("div");
  host.className = "fl-explorer";
  host.dataset.lmSuppressShortcuts = "true"; // else a notebook takes the arrow keys from a slider
  el.append(host);
  return mount(host, spec, kernelSource(model), {
    id: `${spec.id}-${count}`,
    address: false,
    values: model.get("values"),
  });
}

export default { render };
