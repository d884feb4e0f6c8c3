// @ts-check
/** Lists that are typed into a text field: entries between line ends, commas or blanks. */

const ENTRY = /[^\s,]+/g;

/** @param {string} text */
export function splitEntries(text) {
  return text.match(ENTRY) ?? [];
}

/**
 * Where an entry stands in the text; its end twice when there is no such entry.
 * @param {string} text
 * @param {number} index
 * @returns {[number, number]} from, to
 */
export function locateEntry(text, index) {
  const match = [...text.matchAll(ENTRY)][index];
  return match ? [match.index, match.index + match[0].length] : [text.length, text.length];
}
