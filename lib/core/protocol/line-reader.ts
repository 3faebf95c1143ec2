import type { Bytes } from './bytes.js';
import { parseDouble, parseInteger } from './numbers.js';
import {
  CR,
  LF,
  malformed,
  T_ARRAY,
  T_BIG_NUMBER,
  T_BLOB_ERROR,
  T_BULK,
  T_DOUBLE,
  T_ERROR,
  T_PART,
  T_SIMPLE,
  T_VERBATIM,
} from './tokens.js';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** The longest line of a length, an integer, a boolean or a null: its type and what follows, without CRLF. */
export const MAX_SHORT_LINE = 32;
/**
 * The longest line of a simple string, an error, a double or a big number. Servers send what is long as bulk strings, except
 * to a monitor.
 */
export const MAX_LONG_LINE = 64 * 1024;

// What a read method says instead of a place or a length.
export const INCOMPLETE = -1;
export const NULL_LENGTH = -2;
export const STREAMED_LENGTH = -3;

/** So many decimal digits are an exact `number`, whatever they are. */
export const EXACT_DIGITS = 15;

/** A number of up to 15 digits divided by one of these is rounded once, so it is the double nearest to what was written. */
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/**
 * Reads tokens that are one line. Each method is given the place of the type byte, and leaves in {@link next} the
 * place after the CRLF; or it says that the chunk cuts the line, and leaves {@link next} alone.
 */
export class LineReader {
  next = 0;

  /** The length in a line, or what else it says. */
  length(chunk: Bytes, offset: number, end: number): number {
    let at = offset + 1;
    let length = 0;
    while (at < end) {
      const digit = chunk[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
      at++;
    }
    if (at > offset + 1 && at - offset <= MAX_SHORT_LINE && isLineEnd(chunk, at, end)) {
      this.next = at + 2;
      return length;
    }
    return this.oddLength(chunk, offset, end);
  }

  private oddLength(chunk: Bytes, offset: number, end: number): number {
    const type = chunk[offset];
    const close = findLineEnd(chunk, offset, end);
    if (close === INCOMPLETE) return INCOMPLETE;
    this.next = close + 2;
    const content = chunk.latin1Slice(offset + 1, close);
    if (content === '-1' && (type === T_BULK || type === T_ARRAY)) return NULL_LENGTH;
    const streamable = type !== T_PART && type !== T_VERBATIM && type !== T_BLOB_ERROR;
    if (content === '?' && streamable) return STREAMED_LENGTH;
    throw malformed('no length', type);
  }

  /** The integer in a line; `null` where it is cut. */
  integer(chunk: Bytes, offset: number, end: number): number | bigint | null {
    const negative = offset + 1 < end && chunk[offset + 1] === MINUS;
    const first = negative ? offset + 2 : offset + 1;
    let at = first;
    let value = 0;
    while (at < end) {
      const digit = chunk[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (at > first && at - first <= EXACT_DIGITS && isLineEnd(chunk, at, end)) {
      this.next = at + 2;
      // 0 - 0 is 0, where -0 would be another number
      return negative ? 0 - value : value;
    }
    const close = findLineEnd(chunk, offset, end);
    if (close === INCOMPLETE) return null;
    this.next = close + 2;
    return parseInteger(chunk.latin1Slice(offset + 1, close));
  }

  /** The double in a line; `null` where it is cut. */
  double(chunk: Bytes, offset: number, end: number): number | null {
    const negative = offset + 1 < end && chunk[offset + 1] === MINUS;
    const first = negative ? offset + 2 : offset + 1;
    let at = first;
    let digits = 0;
    let point = -1;
    while (at < end) {
      const digit = chunk[at] - ZERO;
      if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
      else if (chunk[at] === POINT && point < 0 && at > first) point = at;
      else break;
      at++;
    }
    if (at > first && at - first <= EXACT_DIGITS && point !== at - 1 && isLineEnd(chunk, at, end)) {
      this.next = at + 2;
      const value = point < 0 ? digits : digits / POWERS_OF_TEN[at - point - 1];
      return negative ? -value : value;
    }
    const close = findLineEnd(chunk, offset, end);
    if (close === INCOMPLETE) return null;
    this.next = close + 2;
    return parseDouble(chunk.latin1Slice(offset + 1, close));
  }

  /** What follows the type byte, where that is neither text nor a number; `null` where it is cut. */
  content(chunk: Bytes, offset: number, end: number): string | null {
    const close = findLineEnd(chunk, offset, end);
    if (close === INCOMPLETE) return null;
    this.next = close + 2;
    return chunk.latin1Slice(offset + 1, close);
  }
}

/** Where the CRLF of a line begins. A CR or LF alone is part of no line. */
export function findLineEnd(chunk: Bytes, offset: number, end: number, longest = MAX_LONG_LINE): number {
  const type = chunk[offset];
  const max = maxLine(type, longest);
  const stop = Math.min(end, offset + max + 1);
  for (let at = offset + 1; at < stop; at++) {
    const byte = chunk[at];
    if (byte === CR) {
      if (at + 1 === end) return INCOMPLETE;
      if (chunk[at + 1] === LF) return at;
      throw malformed('a line with a CR inside', type);
    }
    if (byte === LF) throw malformed('a line with a LF inside', type);
  }
  if (end - offset > max) throw malformed('a line without an end', type);
  return INCOMPLETE;
}

function isLineEnd(chunk: Bytes, at: number, end: number): boolean {
  return at + 1 < end && chunk[at] === CR && chunk[at + 1] === LF;
}

/** How long a line of this type may be, without its CRLF. */
export function maxLine(type: number, longest: number): number {
  const long = type === T_SIMPLE || type === T_ERROR || type === T_DOUBLE || type === T_BIG_NUMBER;
  return long ? longest : MAX_SHORT_LINE;
}
