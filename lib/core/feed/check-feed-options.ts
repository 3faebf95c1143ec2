import { unknownOption } from '../unknown-option.js';
import type { FeedOptions, FeedWords } from './feed-options.js';

const NAMES: readonly (keyof FeedOptions)[] = ['buffers', 'bufferSize', 'overflow', 'signal'];
const POLICIES: readonly unknown[] = ['drop-oldest', 'drop-newest', 'error', undefined];

/**
 * Checks what `subscribe()` and its kin were given beside the channels, and what `monitor()` was.
 *
 * @throws {TypeError} naming the option.
 */
export function checkFeedOptions(method: string, { item }: FeedWords, options: FeedOptions): void {
  for (const name of Object.keys(options)) {
    if (!(NAMES as readonly string[]).includes(name)) throw unknownOption(name, NAMES);
  }
  const { buffers, bufferSize, overflow, signal } = options;
  if (buffers !== undefined && typeof buffers !== 'boolean')
    throw new TypeError(`${method}(): 'buffers' must be a boolean.`);
  if (
    bufferSize !== undefined &&
    bufferSize !== Infinity &&
    !(Number.isSafeInteger(bufferSize) && bufferSize > 0)
  ) {
    throw new TypeError(`${method}(): 'bufferSize' must be a number of ${item}s, 1 or more.`);
  }
  if (!POLICIES.includes(overflow)) {
    throw new TypeError(`${method}(): 'overflow' must be 'drop-oldest', 'drop-newest' or 'error'.`);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new TypeError(`${method}(): 'signal' must be an AbortSignal.`);
  }
}
