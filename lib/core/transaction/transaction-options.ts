import type { RedisKey } from '../commands/arguments.js';
import { unknownOption } from '../unknown-option.js';

/** Settings of `multi()`. */
export interface TransactionOptions {
  /**
   * Reject with an `AggregateError` where commands failed while they were executed, instead of giving their errors among the
   * results. The others have taken effect all the same: Redis rolls nothing back. Default false.
   */
  throwOnError?: boolean | undefined;
}

/** Settings of `watch()`. */
export interface WatchOptions extends TransactionOptions {
  /** So often is all of it done again when a watched key has changed, the callback included. Default 0. */
  retries?: number | undefined;
}

const NAMES: Record<'multi' | 'watch', readonly string[]> = {
  multi: ['throwOnError'],
  watch: ['throwOnError', 'retries'],
};

/** @throws {TypeError} naming the option. */
function checkTransactionOptions(method: 'multi' | 'watch', options: WatchOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${method}(): options come behind the callback, as an object.`);
  for (const name of Object.keys(options))
    if (!NAMES[method].includes(name)) throw unknownOption(name, NAMES[method]);
  const { throwOnError, retries } = options;
  if (throwOnError !== undefined && typeof throwOnError !== 'boolean')
    throw new TypeError(`${method}(): 'throwOnError' must be a boolean.`);
  if (retries !== undefined && retries !== Infinity && !(Number.isSafeInteger(retries) && retries >= 0))
    throw new TypeError(`${method}(): 'retries' must be an integer of 0 or more.`);
}

/** @throws {TypeError} for what `multi()` cannot be called with. */
export function checkMulti(
  fill: unknown,
  options: TransactionOptions,
): asserts fill is (...args: never[]) => unknown {
  if (typeof fill !== 'function')
    throw new TypeError(
      'multi(): give a callback that adds the commands, as in client.multi((tx) => tx.incr(key)).',
    );
  checkTransactionOptions('multi', options);
}

/**
 * @returns the keys.
 * @throws {TypeError} for what `watch()` cannot be called with.
 */
export function checkWatch(
  keys: RedisKey | readonly RedisKey[],
  fill: unknown,
  options: WatchOptions,
): readonly RedisKey[] {
  // a copy: the list is read again at each attempt, and may be its caller's for something else by then
  const list =
    typeof keys === 'string' || Buffer.isBuffer(keys) ? [keys] : Array.isArray(keys) ? [...keys] : [];
  if (list.length === 0 || !list.every((key) => typeof key === 'string' || Buffer.isBuffer(key)))
    throw new TypeError('watch(): name at least one key, each a string or a Buffer.');
  if (typeof fill !== 'function')
    throw new TypeError(
      'watch(): give a callback that adds the commands, as in client.watch(keys, (tx, watched) => tx.set(key, value)). To watch by hand use dedicated().',
    );
  checkTransactionOptions('watch', options);
  return list;
}
