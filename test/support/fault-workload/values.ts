import type { Random } from '../random.js';

/** The longest value, bytes. */
const LONGEST = 300_000;

const BYTES = Buffer.from(Array.from({ length: LONGEST }, (_, at) => (at * 7 + (at >> 8)) & 255));
/** Characters of one to four bytes, and what looks like framing. */
const TEXT = 'aé尺😀-\r\n$3\r\n*1\r\n+OK\r\n'.repeat(LONGEST / 24);
const ASCII = 'the quick brown fox; '.repeat(LONGEST / 20);

/** Bytes of a value: mostly few, at times many, and none at all. */
function size(random: Random): number {
  const dice = random.next();
  if (dice < 0.03) return 0;
  if (dice < 0.8) return random.between(1, 100);
  if (dice < 0.97) return random.between(100, 3_000);
  if (dice < 0.998) return random.between(3_000, 40_000);
  return random.between(40_000, LONGEST);
}

/** A text that no other call has, but for the empty one. */
export function uniqueText(random: Random, id: string): string {
  const length = size(random);
  if (length === 0) return '';
  // cut by characters: half of a surrogate pair would not come back
  return `${id}:${random.chance(0.5) ? ASCII.slice(0, length) : wellFormed(TEXT.slice(0, length))}`;
}

/** Bytes that no other call has, but for none; all values of a byte are among them. */
export function uniqueBytes(random: Random, id: string): Buffer {
  const length = size(random);
  if (length === 0) return Buffer.alloc(0);
  return Buffer.concat([BYTES.subarray(0, length), Buffer.from(`:${id}`)]);
}

function wellFormed(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text;
}
