import { MalformedReplyError } from './decoder.js';

const INTEGER = /^[+-]?\d+$/;
const DOUBLE = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf$/i;
const NOT_A_NUMBER = /^[+-]?nan$/i;

/** An integer's text, exactly: a `bigint` where a `number` would round it. */
export function parseInteger(text: string): number | bigint {
  if (!INTEGER.test(text)) throw new MalformedReplyError('not an integer');
  const number = Number(text);
  // + 0 makes 0 of -0
  return Number.isSafeInteger(number) ? number + 0 : toBigInt(text);
}

/** A big number's text: a `bigint` whatever its size. */
export function parseBigNumber(text: string): bigint {
  if (!INTEGER.test(text)) throw new MalformedReplyError('not a big number');
  return toBigInt(text);
}

/** A double's text. Servers before Redis 7.2 write what the C library writes, so `-nan` and `INF` are known too. */
export function parseDouble(text: string): number {
  if (DOUBLE.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  if (NOT_A_NUMBER.test(text)) return NaN;
  throw new MalformedReplyError('not a double');
}

/** `BigInt()` knows no `+`. */
function toBigInt(text: string): bigint {
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}
