// @ts-check
/**
 * Subscripts and superscripts in labels: h_N(t), K_{op}, N^2, N^{−1/2}. As in TeX a script is one
 * letter or digit, or what stands in braces; without braces no letter or digit may follow, so that
 * snake_case is no script. `explorer/template.py` reads the same.
 * @typedef {{ text: string, level: -1 | 0 | 1 }} Run
 */

const SCRIPT =
  /(?<=[\p{L}\p{N}‖|)\]}′*])([_^])(?:\{([^{}]+)\}|([\p{L}\p{N}*+−])(?![\p{L}\p{N}]))/gu;
const SIZE = 0.72; // of a script, in font sizes
const SHIFT = { "-1": 0.22, 0: 0, 1: -0.38 }; // downwards, in font sizes
const RAISED = new Map(
  [..."0123456789+−n"].map((letter, i) => [letter, [..."⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ"][i]]),
);

/**
 * The runs of a text, each on one level.
 * @param {string} text
 * @returns {Run[]}
 */
export function runs(text) {
  /** @type {Run[]} */
  const found = [];
  let from = 0;
  for (const match of text.matchAll(SCRIPT)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), level: 0 });
    found.push({ text: match[2] ?? match[3], level: match[1] === "_" ? -1 : 1 });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), level: 0 });
  return found;
}

/**
 * The text for those who hear it or read it without type: h N(t), N², N to the power −1/2.
 * @param {string} text
 */
export function plain(text) {
  return text.replace(SCRIPT, (_, kind, braced, single) => {
    const script = braced ?? single;
    if (kind === "_") return ` ${script}`;
    const raised = Array.from(script, (letter) => RAISED.get(letter));
    return raised.every(Boolean) ? raised.join("") : ` to the power ${script}`;
  });
}

/**
 * Text in a drawing. What is already written is left alone.
 * @param {Element} node
 * @param {string} text
 */
export function drawText(node, text) {
  const self = /** @type {Element & { __text?: string }} */ (node);
  if (self.__text === text) return;
  self.__text = text;
  const parts = runs(text);
  if (parts.every(({ level }) => level === 0)) {
    self.textContent = text;
    return;
  }
  self.textContent = "";
  let at = 0; // how far below the line we are
  for (const { text: content, level } of parts) {
    const size = level === 0 ? 1 : SIZE;
    const span = self.ownerDocument.createElementNS("http://www.w3.org/2000/svg", "tspan");
    const shift = (SHIFT[level] - at) / size;
    if (shift !== 0) span.setAttribute("dy", `${Math.round(1000 * shift) / 1000}em`);
    if (level !== 0) span.setAttribute("font-size", `${100 * SIZE}%`);
    span.textContent = content;
    self.append(span);
    at = SHIFT[level];
  }
}

/**
 * Text in a page.
 * @param {Element} node
 * @param {string} text
 */
export function writeText(node, text) {
  const found = runs(text);
  if (found.every(({ level }) => level === 0)) {
    if (node.textContent !== text || node.firstElementChild) node.textContent = text;
    return;
  }
  const parts = found.map(({ text: content, level }) => {
    if (level === 0) return content;
    const script = node.ownerDocument.createElement(level < 0 ? "sub" : "sup");
    script.textContent = content;
    return script;
  });
  node.replaceChildren(...parts);
}

/**
 * The width of a text, in font sizes, given that of a run.
 * @param {string} text
 * @param {(run: string) => number} width
 */
export function widthOfRuns(text, width) {
  return runs(text).reduce(
    (sum, { text: run, level }) => sum + (level === 0 ? 1 : SIZE) * width(run),
    0,
  );
}
