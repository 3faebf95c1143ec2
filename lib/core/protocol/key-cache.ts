import type { Bytes } from './bytes.js';
import { shortAscii, SHORT_TEXT } from './short-ascii.js';

/** Power of two. With names of up to {@link SHORT_TEXT} characters all of it is some 50 KB. */
const SLOTS = 1024;

/**
 * Names of map fields, kept from reply to reply: the fields of hashes come over and over, and a string that has been a
 * property name before goes into an object in a third of the time.
 *
 * Each place holds the last name that fell on it, so it never grows. The hash only picks the place: a name is
 * taken from it after all of its bytes were compared.
 */
export class KeyCache {
  private readonly names: string[] = Array.from({ length: SLOTS }, () => '');

  /** The text of `b[p..p + n)` where it is 1 to {@link SHORT_TEXT} ASCII bytes and safe to assign to; else `null`. */
  get(b: Bytes, p: number, n: number): string | null {
    if (n < 2 || n > SHORT_TEXT) return null;
    const last = p + n - 1;
    const bits = (b[p] << 24) ^ (b[p + (n >> 1)] << 16) ^ (b[last - 1] << 8) ^ b[last] ^ (n << 12);
    const slot = Math.imul(bits, 0x9e3779b1) >>> 22;
    const name = this.names[slot];
    if (name.length === n) {
      let i = 0;
      while (i < n && name.charCodeAt(i) === b[p + i]) i++;
      if (i === n) return name;
    }
    for (let i = p; i <= last; i++) if (b[i] > 127) return null;
    const fresh = shortAscii(b, p, n);
    if (isInherited(fresh)) return null;
    this.names[slot] = fresh;
    return fresh;
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
