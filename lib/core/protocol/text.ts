import { constants, isAscii } from 'node:buffer';
import type { Bytes } from './bytes.js';
import { MalformedReplyError } from './decoder.js';
import { SHORT_TEXT, shortAscii } from './short-ascii.js';

/** From this size on it pays to look for non-ASCII bytes first: UTF-8 is decoded at a sixth of the speed of Latin-1. */
const LONG_TEXT = 512;

/** The text of `b[p..p + n)`, of which nothing is known. Bytes that are no UTF-8 become U+FFFD, as everywhere in Node. */
export function decodeText(b: Bytes, p: number, n: number): string {
  if (n === 0) return '';
  if (n <= SHORT_TEXT) {
    let bits = 0;
    for (let i = p; i < p + n; i++) bits |= b[i];
    return bits < 128 ? shortAscii(b, p, n) : b.utf8Slice(p, p + n);
  }
  if (n > constants.MAX_STRING_LENGTH)
    throw new MalformedReplyError('longer than a string of this Node can be');
  if (n >= LONG_TEXT && isAscii(n === b.length ? b : b.subarray(p, p + n))) return b.latin1Slice(p, p + n);
  return b.utf8Slice(p, p + n);
}

/** The text of `b[p..p + n)`, which is known to be ASCII. */
export function decodeAscii(b: Bytes, p: number, n: number): string {
  if (n <= SHORT_TEXT) return shortAscii(b, p, n);
  return b.latin1Slice(p, p + n);
}

/** Small enough for V8 to put the bytes beside the object, with no memory of their own to free. */
const ON_HEAP = 64;

/**
 * A `Buffer` of its own with `b[p..p + n)`.
 *
 * Up to 64 bytes it shares memory with nothing. Up to 4 KiB it is cut from Node's 8 KiB pool, as `Buffer.from(string)` is:
 * memory of its own would take three times as long, and what it keeps alive at worst is one such pool, never a chunk.
 */
export function copyBytes(b: Bytes, p: number, n: number): Buffer {
  if (n <= ON_HEAP) {
    const copy = Buffer.allocUnsafeSlow(n);
    for (let i = 0; i < n; i++) copy[i] = b[p + i];
    return copy;
  }
  const copy = Buffer.allocUnsafe(n);
  b.copy(copy, 0, p, p + n);
  return copy;
}
