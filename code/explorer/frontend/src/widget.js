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
  el.append(host);
  const unmount = mount(host, spec, kernelSource(model), {
    id: `${spec.id}-${count}`,
    address: false,
    values: model.get("values"),
  });
  // Else a notebook in command mode takes the arrow keys from a slider.
  for (const control of host.querySelectorAll("input, button")) {
    control.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  return unmount;
}

export default { render };
