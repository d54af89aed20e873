// @ts-check
/**
 * Lecture mode: full screen, larger type, keys. Single keys act in this mode only.
 */

const FONT = 12;
const LARGEST = 26;

/** @typedef {{ node: SVGElement, resize: (width: number, fontSize: number) => void }} Figure */

/**
 * @param {HTMLElement} host
 * @param {HTMLElement} root
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {() => void} options.changed
 * @param {() => void} options.reset
 * @param {() => void} options.toggle  play or pause
 * @param {HTMLInputElement[]} options.inputs
 */
export function lectureMode(host, root, { signal, changed, reset, toggle, inputs }) {
  let on = false;

  /** @param {boolean} wanted */
  function set(wanted) {
    if (on === wanted) return;
    on = wanted;
    host.classList.toggle("ex-lecture", on);
    if (on) inputs[0]?.focus();
    changed();
  }

  document.addEventListener("fullscreenchange", () => set(document.fullscreenElement === host), {
    signal,
  });
  window.addEventListener("resize", () => on && changed(), { signal });
  host.addEventListener(
    "keydown",
    (event) => {
      if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
      const onButton = event.target instanceof HTMLButtonElement;
      if (event.key === "Escape" && document.fullscreenElement !== host) set(false);
      else if (/^[1-9]$/.test(event.key)) inputs[Number(event.key) - 1]?.focus();
      else if (event.key === " " && !onButton) toggle();
      else if (event.key === "r" || event.key === "R") reset();
      else return;
      event.preventDefault();
    },
    { signal },
  );

  return {
    get on() {
      return on;
    },

    async toggle() {
      if (on) {
        if (document.fullscreenElement === host) await document.exitFullscreen();
        else set(false);
        return;
      }
      try {
        await host.requestFullscreen();
      } catch {
        set(true); // where full screen is not allowed the explorer fills the window
      }
    },

    /**
     * The figure as large as the screen allows, above the controls: of several arrangements of the
     * panels the one with the largest type.
     * @param {Figure} figure
     * @param {number} width
     * @param {() => void} draw
     */
    fit(figure, width, draw) {
      const rest = root.scrollHeight - figure.node.getBoundingClientRect().height;
      const room = Math.max(240, window.innerHeight - rest - 56);
      let best = { width, fontSize: 0 };
      for (const tried of [560, 700, 860, 1000, 1200, 1500]) {
        figure.resize(tried, FONT);
        draw();
        const height = Number(figure.node.getAttribute("height"));
        const scale = Math.min(width / tried, room / height, LARGEST / FONT);
        if (FONT * scale > best.fontSize) best = { width: tried * scale, fontSize: FONT * scale };
      }
      figure.resize(best.width, best.fontSize);
    },
  };
}
