// @ts-check
import { widthOfRuns } from "./scripts.js";

/**
 * The width of a text in a sans-serif face, estimated: the page and the build must lay out
 * alike, and the build has no fonts.
 * @param {string} text
 * @param {number} size  in pixels
 */
export function textWidth(text, size) {
  return size * widthOfRuns(text, widthOfRun);
}

/** @param {string} text */
function widthOfRun(text) {
  let width = 0;
  for (const letter of text) {
    if (/[iljtfrI.,:;'|!()[\] ‖⁰-⁹⁻₀-₉]/u.test(letter)) width += 0.34;
    else if (/[mwMW@%—]/u.test(letter)) width += 0.9;
    else if (/[A-Z=<>≤≥+−×]/u.test(letter)) width += 0.68;
    else width += 0.575;
  }
  return width;
}
