// @ts-check

/**
 * @typedef {object} Span
 * @property {string} name
 * @property {'CLIENT' | 'CONSUMER'} kind
 * @property {number} duration  µs
 * @property {string[]} attributes  `name: value`, as printed
 */

const KINDS = /** @type {const} */ ({ 2: 'CLIENT', 4: 'CONSUMER' });

/** Picks the spans of OpenTelemetry's console exporter out of a program's lines: objects as `console.dir` prints them. */
export class SpanReader {
  /** @type {string[] | undefined} */
  #lines;
  #found;

  /** @param {(span: Span) => void} found */
  constructor(found) {
    this.#found = found;
  }

  /**
   * @param {string} line
   * @returns {boolean} whether it was part of a span
   */
  take(line) {
    if (line === '{') this.#lines = [];
    if (this.#lines === undefined) return false;
    this.#lines.push(line);
    if (line === '}') {
      const span = parse(this.#lines);
      if (span) this.#found(span);
      this.#lines = undefined;
    }
    return true;
  }
}

/**
 * @param {string[]} lines
 * @returns {Span | undefined}
 */
function parse(lines) {
  const value = (/** @type {string} */ name) =>
    lines.find((line) => line.startsWith(`  ${name}: `))?.slice(name.length + 4, -1);
  const name = value('name')?.slice(1, -1);
  const kind = KINDS[/** @type {2 | 4} */ (Number(value('kind')))];
  if (name === undefined || kind === undefined) return undefined;
  const start = lines.indexOf('  attributes: {') + 1;
  const end = lines.indexOf('  },', start);
  const attributes = start > 0 ? lines.slice(start, end).map((line) => line.trim().replace(/,$/, '')) : [];
  return { name, kind, duration: Number(value('duration')), attributes };
}
