// @ts-check

/**
 * Breaks a paragraph at blanks; a word longer than the width keeps a line of its own.
 *
 * @param {string} text
 * @param {number} width
 */
function wrap(text, width) {
  const lines = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/**
 * A box that is hard to overlook among the lines of a test run.
 *
 * @param {string} title
 * @param {string | string[]} body
 */
export function box(title, body) {
  const lines = [title.toUpperCase(), '', ...[body].flat().flatMap((text) => wrap(text, 92))];
  const width = Math.max(...lines.map((line) => line.length));
  const rule = '!'.repeat(width + 6);
  return ['', rule, ...lines.map((line) => `!! ${line.padEnd(width)} !!`), rule, ''].join('\n');
}

/**
 * Not by `instanceof`: inside Jest an error of Node's own is no instance of the `Error` that this file sees.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  const message = /** @type {{ message?: unknown } | null | undefined} */ (error)?.message;
  return typeof message === 'string' ? message : String(error);
}
