// @ts-check

/** What a server says goes into code: nothing of it may end the place it is put into. */

/**
 * Whether every text in it can stand between quotes and in a comment.
 *
 * @param {unknown} value
 * @returns {boolean}
 */
export function isSafe(value) {
  if (typeof value === 'string') return /^[\x20-\x7e]*$/.test(value) && !/['`\\]|\*\//.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, item]) => PROSE.has(key) || (isSafe(key) && isSafe(item)));
}

/** Parts of a grammar that are not written. */
const PROSE = new Set(['summary', 'display_text']);

/**
 * Prose for a comment.
 *
 * @param {string} text
 */
export function oneLine(text) {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll('*/', '* /')
    .trim();
}
