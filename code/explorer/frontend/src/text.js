// @ts-check
/**
 * The width of a text in a sans-serif face, estimated: the page and the build must lay out
 * alike, and the build has no fonts.
 * @param {string} text
 * @param {number} size  in pixels
 */
export function textWidth(text, size) {
  let width = 0;
  for (const letter of text) {
    if (/[iljtfrI.,:;'|!()[\] ‖⁰-⁹⁻₀-₉]/u.test(letter)) width += 0.37;
    else if (/[mwMW@%—]/u.test(letter)) width += 0.93;
    else if (/[A-Z=<>≤≥+−×]/u.test(letter)) width += 0.71;
    else width += 0.61;
  }
  return width * size;
}
