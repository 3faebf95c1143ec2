import { prefixPattern } from '../commands/key-positions.js';
import type { CommandArgument, RedisKey } from '../commands/arguments.js';
import { nearest } from '../nearest.js';

/** Settings of `sscanIterator()` and `zscanIterator()`. */
export interface CollectionScanOptions {
  /** Only what matches this glob pattern (`*`, `?`, `[a-c]`, `\` before a character to be taken as it is). */
  match?: RedisKey;
  /**
   * About how many elements the server looks at in one step, 1 or more. The server's default is 10; more means fewer round
   * trips and longer steps. Batches may be larger or smaller.
   */
  count?: number;
}

/** Settings of `hscanIterator()`. */
export interface HashScanOptions extends CollectionScanOptions {
  /** Fields without their values. Since Redis 7.4 and Valkey 8.0. */
  noValues?: boolean;
}

/** Settings of `scanIterator()`. */
export interface ScanOptions extends CollectionScanOptions {
  /** Only keys that hold this: `'string'`, `'hash'`, `'list'`, `'set'`, `'zset'`, `'stream'` or a module's type. */
  type?: string;
}

interface AllOptions extends ScanOptions, HashScanOptions {}

/** What each option must be, and how it is sent. */
const OPTIONS: Record<
  keyof AllOptions,
  { must: string; allows: (value: unknown) => boolean; send: (value: never) => CommandArgument[] }
> = {
  match: {
    must: 'a string or a Buffer',
    allows: (value) => typeof value === 'string' || Buffer.isBuffer(value),
    send: (pattern: RedisKey) => ['MATCH', pattern],
  },
  count: {
    must: 'an integer of 1 or more',
    allows: (value) => Number.isSafeInteger(value) && (value as number) > 0,
    send: (count: number) => ['COUNT', count],
  },
  type: {
    must: 'a string that is not empty',
    allows: (value) => typeof value === 'string' && value !== '',
    send: (type: string) => ['TYPE', type],
  },
  noValues: {
    must: 'a boolean',
    allows: (value) => typeof value === 'boolean',
    send: (without: boolean) => (without ? ['NOVALUES'] : []),
  },
};

/**
 * The arguments after the cursor.
 *
 * @param method the iterator's method, for messages.
 * @param known the options that it takes.
 * @param keyPrefix goes in front of the pattern; where there is none, a pattern of its own keeps other keys out.
 * @throws {TypeError} naming the option.
 */
export function scanArguments(
  method: string,
  options: AllOptions,
  known: readonly (keyof AllOptions)[],
  keyPrefix = '',
): CommandArgument[] {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${method}(): options must be an object, as in ${method}(…, { count: 100 }).`);
  }
  const args: CommandArgument[] = [];
  const given = keyPrefix === '' ? options : { ...options, match: prefixed(options.match, keyPrefix) };
  for (const [name, value] of Object.entries(given)) {
    if (!(known as readonly string[]).includes(name)) throw unknown(method, name, known);
    if (value === undefined) continue;
    const { allows, must, send } = OPTIONS[name as keyof AllOptions];
    if (!allows(value)) throw new TypeError(`${method}(): '${name}' must be ${must}.`);
    args.push(...send(value as never));
  }
  return args;
}

/** What is no pattern stays as it is: the check names it. */
function prefixed(match: RedisKey | undefined, keyPrefix: string): RedisKey {
  const pattern = match === undefined ? '*' : match;
  return OPTIONS.match.allows(pattern) ? prefixPattern(pattern, keyPrefix) : pattern;
}

function unknown(method: string, name: string, known: readonly string[]): TypeError {
  const guess = nearest(name, known);
  const hint = guess === undefined ? '.' : `: did you mean '${guess}'?`;
  return new TypeError(`${method}(): unknown option '${name}'${hint} Known are: ${known.join(', ')}.`);
}
