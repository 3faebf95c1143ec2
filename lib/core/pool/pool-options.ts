import type { AllGiven } from '../all-given.js';
import { checkIsOptions, CLIENT_OPTION_NAMES } from '../check-options.js';
import { nearest } from '../nearest.js';
import type { RedisClientOptions } from '../options.js';
import { unknownOption } from '../unknown-option.js';

/** What a pool takes beside the options of its connections. Times are ms. */
export interface PoolSizeOptions {
  /** Connections kept, also when idle. Default 2, or `max` where that is less. */
  min?: number | undefined;
  /** Connections at the most. Default 10. */
  max?: number | undefined;
  /** How long `acquire()` waits for a free one. Default 5_000; 0 waits for ever. */
  acquireTimeout?: number | undefined;
  /** After this idle time a connection above `min` is closed. Default 60_000; 0 keeps all. */
  idleTimeout?: number | undefined;
}

/** Options of a {@link RedisPool}: those of its connections, and the pool's own. */
export interface RedisPoolOptions extends RedisClientOptions, PoolSizeOptions {}

export type ResolvedPoolSize = AllGiven<PoolSizeOptions>;

const DEFAULTS: ResolvedPoolSize = { min: 2, max: 10, acquireTimeout: 5_000, idleTimeout: 60_000 };

/** Names of the pool's own options, for layers that take them apart. */
export const POOL_OPTION_NAMES: readonly string[] = Object.keys(DEFAULTS);

/**
 * Takes the pool's own options from its connections' and checks them.
 *
 * @throws {TypeError} naming the option.
 */
export function splitPoolOptions(options: RedisPoolOptions): {
  size: ResolvedPoolSize;
  connection: RedisClientOptions;
} {
  checkIsOptions(options);
  const size: Record<string, unknown> = { ...DEFAULTS };
  if (typeof options.max === 'number') size['min'] = Math.min(DEFAULTS.min, options.max);
  const connection: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(DEFAULTS, name)) {
      if (value !== undefined) size[name] = count(name, value);
    } else if (!CLIENT_OPTION_NAMES.includes(name) && nearest(name, POOL_OPTION_NAMES) !== undefined) {
      throw unknownOption(name, [...POOL_OPTION_NAMES, ...CLIENT_OPTION_NAMES]);
    } else connection[name] = value;
  }
  const resolved = size as unknown as ResolvedPoolSize;
  if (resolved.max < 1 || resolved.min > resolved.max) {
    throw new TypeError(
      `Redis pool options: 'max' (${resolved.max}) must be 1 or more and no less than 'min' (${resolved.min}).`,
    );
  }
  return { size: resolved, connection };
}

function count(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(
    `Redis pool option '${name}' must be an integer of 0 or more, not ${typeof value === 'number' ? value : typeof value}.`,
  );
}
