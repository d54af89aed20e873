// @ts-check
/**
 * Frames from a live Python kernel: the same function, at any values between the stops.
 * @import { Frame, Source, Values } from "../types.js"
 *
 * The part of Jupyter's widget model that is used.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(content: any) => void} send
 * @property {(event: string, callback: (...args: any[]) => void) => void} on
 * @property {(event: string, callback: (...args: any[]) => void) => void} off
 *
 * An answer of the kernel; the arrays' numbers come in the buffers.
 * @typedef {{ entries: Record<string, any>, arrays: [string, number[]][] }} Content
 * @typedef {{ id: string, error?: string } & Content} Answer
 */

/**
 * @param {Model} model
 * @returns {Source}
 */
export function kernelSource(model) {
  const own = Math.random().toString(36).slice(2); // several displays share one model
  let count = 0;
  let asked = "";
  /** @type {Map<string, { resolve: (frame: Frame) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  /** @type {(values: Values) => void} */
  let listener = () => {};

  /**
   * @param {Answer} content
   * @param {DataView[]} buffers
   */
  function answered(content, buffers) {
    const request = waiting.get(content.id);
    if (!request) return;
    waiting.delete(content.id);
    if (content.error) request.reject(new Error(content.error));
    else request.resolve(read(content, buffers));
  }

  function moved() {
    const values = model.get("values");
    if (asked !== signature(values)) listener(values);
  }

  model.on("msg:custom", answered);
  model.on("change:values", moved);

  return {
    continuous: true,
    frame(values) {
      count += 1;
      const id = `${own}-${count}`;
      asked = signature(values);
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        model.send({ id, values });
      });
    },
    async prepare() {},
    follow(callback) {
      listener = callback;
    },
    close() {
      model.off("msg:custom", answered);
      model.off("change:values", moved);
    },
  };
}

/** @param {Values} values */
const signature = (values) => JSON.stringify(Object.entries(values).sort());

/**
 * @param {Content} content
 * @param {DataView[]} buffers
 * @returns {Frame}
 */
function read({ entries, arrays }, buffers) {
  /** @type {Frame} */
  const frame = { ...entries };
  arrays.forEach(([name, shape], i) => {
    const { buffer, byteOffset, byteLength } = buffers[i];
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength); // aligned for 8-byte numbers
    frame[name] = { shape, values: new Float64Array(/** @type {ArrayBuffer} */ (bytes)) };
  });
  return frame;
}
