// @ts-check
/**
 * One slider for each parameter, with its value and a button that plays along it.
 * @import { Spec, Values } from "./types.js"
 */
import { element } from "./element.js";
import { plain, writeText } from "./scripts.js";
import { makeTrack } from "./slider.js";
import { formatValue, typeset } from "./template.js";

const PACE = { stops: 450, continuous: 60, reduced: 1200 }; // milliseconds from step to step
const NARROWEST = 11.7; // of a control, in font sizes
const SWEEP = 100; // steps of a play along a continuous slider

/**
 * @param {Spec} spec
 * @param {string} id  unique in the page
 * @param {boolean} continuous
 * @param {(values: Values) => void} changed
 */
export function createControls(spec, id, continuous, changed) {
  /** @type {Values} */
  let values = { ...spec.start };
  let visible = true;
  /** @type {string | null} */
  let playing = null;
  let timer = 0;

  const rows = Object.entries(spec.stops).map(([name, stops]) => {
    const control = spec.view.controls[name] ?? { label: name, unit: "", format: "" };
    const track = makeTrack(stops, continuous, spec.whole?.includes(name));
    const input = element("input", {
      type: "range",
      id: `${id}-${name}`,
      name,
      min: 0,
      max: track.last,
      step: 1,
      autocomplete: "off",
      disabled: track.last === 0,
    });
    const label = element("label", { for: input.id });
    writeText(label, control.label);
    const output = element("output", { for: input.id });
    const play = element("button", {
      type: "button",
      class: "ex-play",
      "aria-pressed": "false",
      "aria-label": `Play along ${plain(control.label)}`,
      title: `Play along ${plain(control.label)}`,
      disabled: track.last === 0,
    });
    const node = element("div", { class: "ex-control" }, label, output, play, input);
    const show = () => {
      const text = [formatValue(values[name], control.format), control.unit]
        .filter(Boolean)
        .join(" ");
      writeText(output, typeset(text));
      input.setAttribute("aria-valuetext", plain(text));
      const position = String(track.position(values[name]));
      if (input.value !== position) input.value = position;
      input.style.setProperty(
        "--ex-share",
        String(track.last ? Number(input.value) / track.last : 0),
      );
    };
    const set = (/** @type {number} */ position) => {
      values = { ...values, [name]: track.value(position) };
      show();
      changed(values);
    };
    input.addEventListener("input", () => {
      stop();
      set(Number(input.value));
    });
    play.addEventListener("click", () => (playing === name ? stop() : start(name)));
    const step = () => {
      const stride = continuous ? Math.max(1, Math.round(track.last / SWEEP)) : 1;
      const next = Number(input.value) + stride;
      set(next > track.last ? 0 : next);
    };
    return { name, node, input, play, show, step, fine: continuous && track.last > SWEEP };
  });

  /** @param {string} name */
  function start(name) {
    stop();
    playing = name;
    const row = rows.find((candidate) => candidate.name === name);
    if (!row) return;
    row.play.setAttribute("aria-pressed", "true");
    const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const pace = reduced ? PACE.reduced : row.fine ? PACE.continuous : PACE.stops;
    timer = window.setInterval(() => {
      if (visible && !document.hidden) row.step();
    }, pace);
  }

  function stop() {
    window.clearInterval(timer);
    playing = null;
    for (const row of rows) row.play.setAttribute("aria-pressed", "false");
  }

  const node = element("div", {
    class: "ex-controls",
    role: "group",
    "aria-label": "Parameters",
  });
  node.append(...rows.map((row) => row.node));
  for (const row of rows) row.show();

  return {
    node,
    inputs: rows.map((row) => row.input),
    stop,

    /** The slider with the focus, or the first one, starts or stops to play. */
    toggle() {
      const row = rows.find(({ input }) => input === document.activeElement) ?? rows[0];
      if (playing) stop();
      else start(row.name);
    },

    /**
     * As many rows as it takes, equally long.
     * @param {number} width
     * @param {number} fontSize
     */
    arrange(width, fontSize) {
      const most = Math.max(1, Math.floor(width / (NARROWEST * fontSize)));
      const count = Math.ceil(rows.length / most);
      node.style.setProperty("--ex-columns", String(Math.ceil(rows.length / count)));
    },

    /** @param {boolean} seen */
    setVisible(seen) {
      visible = seen;
    },

    /**
     * Moves the sliders without reporting a change.
     * @param {Values} newValues
     */
    set(newValues) {
      values = { ...newValues };
      for (const row of rows) row.show();
    },

    get values() {
      return values;
    },
  };
}
