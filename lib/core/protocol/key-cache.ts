import type { Bytes } from './bytes.js';
import { shortAscii, SHORT_TEXT } from './short-ascii.js';

/** Power of two. With names of up to {@link SHORT_TEXT} characters all of it is some 80 KB. */
const SLOTS = 1024;
/** What is left of 32 bits for a place. */
const SHIFT = 22;

/**
 * Names of map fields, kept from reply to reply: the fields of hashes come over and over, and a string that has been a
 * property name before goes into an object in a third of the time.
 *
 * A name has two places, side by side, and a new one takes that of the older, so the cache never grows. The hash only
 * picks the places: a name is taken from one after all of its bytes were compared.
 */
export class KeyCache {
  private readonly names: string[] = Array.from({ length: SLOTS }, () => '');
  /** The bytes of each name: to compare with them is quicker than with its characters. */
  private readonly bytes = new Uint8Array(SLOTS * SHORT_TEXT);

  /** The text of `b[p..p + n)` where it is 2 to {@link SHORT_TEXT} ASCII bytes and safe to assign to; else `null`. */
  get(b: Bytes, p: number, n: number): string | null {
    if (n < 2 || n > SHORT_TEXT) return null;
    const last = p + n - 1;
    const bits = (b[p] << 24) ^ (b[p + (n >> 1)] << 16) ^ (b[last - 1] << 8) ^ b[last] ^ (n << 12);
    const slot = Math.imul(bits, 0x9e3779b1) >>> SHIFT;
    if (this.holds(slot, b, p, n)) return this.names[slot];
    if (this.holds(slot ^ 1, b, p, n)) return this.names[slot ^ 1];
    return this.learn(slot, b, p, n);
  }

  private holds(slot: number, b: Bytes, p: number, n: number): boolean {
    if (this.names[slot].length !== n) return false;
    const { bytes } = this;
    const start = slot * SHORT_TEXT;
    for (let i = 0; i < n; i++) if (bytes[start + i] !== b[p + i]) return false;
    return true;
  }

  private learn(slot: number, b: Bytes, p: number, n: number): string | null {
    for (let i = p; i < p + n; i++) if (b[i] > 127) return null;
    const name = shortAscii(b, p, n);
    if (isInherited(name)) return null;
    const start = slot * SHORT_TEXT;
    this.names[slot ^ 1] = this.names[slot];
    this.bytes.copyWithin((slot ^ 1) * SHORT_TEXT, start, start + SHORT_TEXT);
    this.names[slot] = name;
    for (let i = 0; i < n; i++) this.bytes[start + i] = b[p + i];
    return name;
  }
}

/**
 * Is it a name that every plain object has already? Assigning `__proto__` would change the prototype, and assigning
 * `constructor` throws where an application froze `Object.prototype`.
 */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** One for the process: connections mostly read the same hashes. */
export const keyCache = new KeyCache();
