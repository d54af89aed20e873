// @ts-check
/**
 * An explorer in an element: figure, controls, tools.
 * @import { Frame, Source, Spec, Values } from "./types.js"
 */
import { createControls } from "./controls.js";
import { element } from "./element.js";
import { createFigure, scalars } from "./figure.js";
import { lectureMode } from "./lecture.js";
import { download, toCsv, toSvg } from "./save.js";
import { plain, writeText } from "./scripts.js";
import { partOf, readPart, withPart } from "./state.js";
import { fill, typeset } from "./template.js";

const FONT = 12;
const SPEAK_AFTER = 400; // milliseconds of rest before the description is read out
const ADDRESS_AFTER = 250;

/**
 * @param {HTMLElement} host
 * @param {Spec} spec
 * @param {Source} source
 * @param {object} options
 * @param {string} options.id  unique in the page
 * @param {boolean} options.address  keep the setting in the page's address
 * @param {Values} [options.values]  the present setting, where it is not the start
 * @returns {() => void}  takes everything away again
 */
export function mount(host, spec, source, { id, address, values: present }) {
  const ending = new AbortController();
  const { signal } = ending;
  const figure = createFigure(spec, document);
  /** @type {Frame} */
  let frame = spec.first;
  let shown = spec.start;
  let description = "";

  const picture = element("div", { class: "ex-figure", role: "img" });
  picture.append(figure.node);
  const caption = element("p", { class: "ex-caption", "aria-hidden": "true" });
  const status = element("p", { class: "ex-status", role: "status", "aria-live": "polite" });
  const message = element("p", { class: "ex-message", role: "alert", hidden: true });
  const controls = createControls(spec, id, source.continuous, (values) => {
    show(values);
    keepAddress(values);
  });
  const tools = element("div", { class: "ex-tools" });
  const root = element("section", { class: "ex", "aria-label": `Explorer ${id}` });
  root.append(picture, caption, controls.node, message, tools, status);
  host.append(root);

  // --- the picture ---

  function draw() {
    figure.draw(frame, shown);
    const text = fill(spec.view.description, scalars(frame, shown));
    if (text === description) return;
    description = text;
    writeText(caption, typeset(text));
    picture.setAttribute("aria-label", plain(text));
  }

  /** @type {Values | null} */
  let wanted = null;
  let told = ""; // with the next picture
  let due = 0;
  let busy = false;

  /**
   * All wishes of one animation frame are one, and latest wins: while a frame of the source is
   * under way only the newest wish is remembered.
   * @param {Values} values
   * @param {string} [note]  told with the picture
   */
  function show(values, note = "") {
    wanted = values;
    told = note;
    if (!busy && !due) due = requestAnimationFrame(update);
  }

  async function update() {
    due = 0;
    const now = wanted;
    if (!now) return;
    wanted = null;
    busy = true;
    try {
      frame = await source.frame(now);
      if (signal.aborted) return;
      shown = now;
      draw();
      say(told);
      speakLater();
    } catch (error) {
      if (signal.aborted) return;
      if (!wanted) {
        controls.stop();
        controls.set(shown);
      }
      const reason = error instanceof Error ? error.message : String(error);
      say(`${reason} The picture of the previous setting stands.`);
    } finally {
      busy = false;
    }
    if (wanted) show(wanted, told);
  }

  /** @param {string} text */
  function say(text) {
    if (message.hidden === !text && message.textContent === text) return;
    message.hidden = !text;
    message.textContent = text;
  }

  let speaking = 0;
  function speakLater() {
    window.clearTimeout(speaking);
    speaking = window.setTimeout(() => (status.textContent = plain(description)), SPEAK_AFTER);
  }

  // --- size ---

  const lecture = lectureMode(host, root, {
    signal,
    changed: resize,
    reset,
    toggle: controls.toggle,
    inputs: controls.inputs,
  });

  // Sentence and controls keep the lines they once had: were they to lose one, the page below would
  // jump, and the browser would have to lay it out and paint it anew while a slider moves.
  const texts = [caption, controls.node];
  let lastWidth = 0;
  function resize() {
    const width = picture.clientWidth;
    if (!width) return;
    if (width !== lastWidth) {
      lastWidth = width;
      for (const text of texts) text.style.minHeight = "";
    }
    controls.arrange(width, Number.parseFloat(getComputedStyle(root).fontSize));
    if (lecture.on) lecture.fit(figure, width, () => figure.draw(frame, shown));
    else figure.resize(width, FONT);
    draw();
  }

  const lines = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const text = /** @type {HTMLElement} */ (target);
      const height = Math.ceil(text.getBoundingClientRect().height); // a line may be 19.6 px high
      const kept = Number.parseFloat(text.style.minHeight) || 0;
      if (height > kept) text.style.minHeight = `${height}px`;
    }
  });
  for (const text of texts) lines.observe(text);

  const sizes = new ResizeObserver(resize);
  sizes.observe(picture);
  const sights = new IntersectionObserver(([entry]) => controls.setVisible(entry.isIntersecting));
  sights.observe(root);

  // --- first touch ---

  // A failure is told when a frame is wanted.
  const prepare = () => source.prepare().catch(() => {});
  for (const event of ["pointerenter", "focusin"]) {
    controls.node.addEventListener(event, prepare, { once: true, signal });
  }
  source.follow?.((values) => {
    controls.set(values);
    show(values);
  });

  // --- the address ---

  let keeping = 0;
  /** @param {Values} values */
  function keepAddress(values) {
    if (!address) return;
    window.clearTimeout(keeping);
    keeping = window.setTimeout(() => {
      const fragment = withPart(location.hash, id, values, spec.start);
      const bare = location.pathname + location.search;
      history.replaceState(history.state, "", fragment ? `#${fragment}` : bare);
    }, ADDRESS_AFTER);
  }

  function followAddress() {
    const part = partOf(location.hash, id);
    if (part === null) return;
    const label = (/** @type {string} */ name) => plain(spec.view.controls[name]?.label ?? name);
    const { values, problems } = readPart(part, spec.stops, controls.values, label);
    controls.set(values);
    root.scrollIntoView({ block: "nearest" });
    const note = problems.length ? `The address cannot be followed: ${problems.join("; ")}.` : "";
    if (JSON.stringify(values) !== JSON.stringify(shown)) show(values, note);
    else say(note);
  }

  if (address) window.addEventListener("hashchange", followAddress, { signal });

  // --- tools ---

  function reset() {
    controls.stop();
    controls.set(spec.start);
    show(spec.start);
    keepAddress(spec.start);
  }

  /**
   * @param {string} text
   * @param {string} title
   * @param {(button: HTMLButtonElement) => void} action
   */
  function tool(text, title, action) {
    const button = element("button", { type: "button", title }, text);
    button.addEventListener("click", () => action(button));
    tools.append(button);
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string} text
   * @param {() => void} otherwise  where the clipboard is closed
   */
  async function copy(button, text, otherwise) {
    const name = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      otherwise();
      button.textContent = "Saved";
    }
    window.setTimeout(() => (button.textContent = name), 1200);
  }

  tool("Reset", "Back to the first setting", reset);
  if (address) {
    tool("Copy link", "Copy the address of this setting", (button) => {
      const link = new URL(location.href);
      link.hash = withPart("", id, controls.values, spec.start) || `${id}:`;
      copy(button, link.href, () => window.prompt("The address of this setting", link.href));
    });
  }
  tool("Copy data", "Copy the numbers behind the figure as CSV", (button) => {
    const text = toCsv(spec, frame, shown);
    copy(button, text, () => download(text, "text/csv", `${id}.csv`));
  });
  tool("Save SVG", "Save the figure as a file", () => {
    download(toSvg(figure.node, plain(description)), "image/svg+xml", `${id}.svg`);
  });
  tool(
    "Lecture",
    "Full screen, larger type; keys: 1 to 9 choose a slider, space plays, R resets",
    () => {
      lecture.toggle();
    },
  );

  resize();
  draw();
  if (address) followAddress();
  if (present) {
    controls.set(present);
    show(present);
  }

  return () => {
    ending.abort();
    cancelAnimationFrame(due);
    controls.stop();
    window.clearTimeout(speaking);
    window.clearTimeout(keeping);
    lines.disconnect();
    sizes.disconnect();
    sights.disconnect();
    source.close();
    root.remove();
  };
}
