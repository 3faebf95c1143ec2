import type { Bytes } from './bytes.js';

/** Up to this length a loop over the characters beats a call into C++. */
export const SHORT_TEXT = 96;

const MEMORY = 65_536;
/** CRLF, `$`, two digits, CRLF. */
const LONGEST_HEAD = 7;
/** From here on another argument might not fit. */
const FULL = MEMORY - LONGEST_HEAD - SHORT_TEXT;

const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
const ZERO = 0x30;

/** Not made before a long command comes. */
let memory: Bytes | undefined;

/**
 * The frames of the first arguments, as far as they are short ASCII texts, in one string; `taken` says how many those are.
 *
 * Each frame is two pieces of a joined string, which all have to be found and copied when the string is made flat. With
 * many arguments it takes two thirds of that time to put the characters side by side in the first place.
 */
export function frameShortTexts(args: readonly unknown[]): { text: string; taken: number } {
  const bytes = (memory ??= Buffer.allocUnsafeSlow(MEMORY) as Bytes);
  let taken = 0;
  let end = 0;
  while (taken < args.length && end < FULL) {
    const arg = args[taken];
    if (typeof arg !== 'string' || arg.length >= SHORT_TEXT) break;
    const { length } = arg;
    let at = end;
    bytes[at++] = CR;
    bytes[at++] = LF;
    bytes[at++] = DOLLAR;
    if (length > 9) bytes[at++] = ZERO + ((length / 10) | 0);
    bytes[at++] = ZERO + (length % 10);
    bytes[at++] = CR;
    bytes[at++] = LF;
    let bits = 0;
    for (let index = 0; index < length; index++) {
      const code = arg.charCodeAt(index);
      bits |= code;
      bytes[at++] = code;
    }
    if (bits > 127) break;
    end = at;
    taken++;
  }
  return { text: bytes.latin1Slice(0, end), taken };
}
