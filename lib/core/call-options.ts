import { checkRetry } from './check-options.js';
import type { CallOptions } from './options.js';
import { unknownOption } from './unknown-option.js';

const NAMES: readonly (keyof CallOptions)[] = ['timeout', 'signal', 'retry', 'idempotent', 'crossSlot'];

/**
 * Checks what `client.with()` was given.
 *
 * @throws {TypeError} naming the option.
 */
export function checkCallOptions(options: CallOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('with(): give an object, as in client.with({ timeout: 100 }).get(key).');
  }
  for (const name of Object.keys(options)) {
    if (!(NAMES as readonly string[]).includes(name)) throw unknownOption(name, NAMES);
  }
  const { timeout, signal, retry, idempotent, crossSlot } = options;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0)) {
    throw new TypeError("with(): 'timeout' must be a number of ms, 0 or more.");
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new TypeError("with(): 'signal' must be an AbortSignal.");
  }
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    throw new TypeError("with(): 'idempotent' must be a boolean.");
  }
  if (crossSlot !== undefined && crossSlot !== 'refuse' && crossSlot !== 'split') {
    throw new TypeError("with(): 'crossSlot' must be 'refuse' or 'split'.");
  }
  if (retry !== undefined) checkRetry(retry);
}
