import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { OnRedisMessageOptions, RedisMessageCodec } from '../interfaces/index.js';
import {
  aBoolean,
  anInteger,
  anything,
  checkOptions,
  isObject,
  oneOf,
  type OptionChecks,
} from '../option-checks.js';
import { DEFAULT_REDIS_CONNECTION } from '../redis.constants.js';
import { checkConnectionName } from '../redis-options.js';
import { BUILT_IN_CODECS } from '../handlers/codecs.js';
import { aCodec, aSchema } from '../handlers/payload-option-checks.js';

const DEFAULT_CONCURRENCY = 16;
const DEFAULT_BUFFER_SIZE = 10_000;

/** One `@OnRedisMessage()` with everything checked and filled in. */
export interface MessageHandlerOptions {
  readonly channels: readonly string[];
  /** The client's method that subscribes. */
  readonly method: 'subscribe' | 'psubscribe' | 'ssubscribe';
  readonly connection: string;
  readonly codec: RedisMessageCodec;
  readonly schema: StandardSchemaV1 | undefined;
  /** Undefined: as the connection's `envelope` says. */
  readonly envelope: boolean | undefined;
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly bufferSize: number;
  readonly overflow: 'drop-oldest' | 'drop-newest';
}

const CHECKS: OptionChecks<OnRedisMessageOptions> = {
  pattern: aBoolean,
  sharded: aBoolean,
  connection: anything,
  codec: aCodec,
  schema: aSchema,
  envelope: aBoolean,
  concurrency: anInteger(1),
  ordered: aBoolean,
  bufferSize: anInteger(1),
  overflow: oneOf('drop-oldest', 'drop-newest'),
};

/**
 * Checks what `@OnRedisMessage()` was given.
 *
 * @throws {TypeError} that says where it is and what to write instead.
 */
export function resolveMessageHandlerOptions(
  place: string,
  channels: string | readonly string[],
  options: OnRedisMessageOptions,
): MessageHandlerOptions {
  const fail = (problem: string): never => {
    throw new TypeError(`@OnRedisMessage() on ${place}: ${problem}`);
  };
  if (!isObject(options)) {
    fail(
      "its second argument is an object of options. Give several channels as one array: @OnRedisMessage(['a', 'b']).",
    );
  }
  checkOptions(options, CHECKS, fail);
  const { pattern, sharded = false, connection = DEFAULT_REDIS_CONNECTION, codec = 'json' } = options;
  checkConnectionName(`@OnRedisMessage() on ${place}`, connection);
  if (pattern === true && sharded) {
    fail(
      "'pattern' and 'sharded' exclude each other: Redis has no patterns of sharded channels. Leave one out.",
    );
  }
  const names = [...new Set(typeof channels === 'string' ? [channels] : channels)];
  if (names.length === 0) fail("it names no channel. Write @OnRedisMessage('orders.created').");
  for (const name of names) {
    if (typeof name !== 'string' || name === '') fail('every channel must be a string that is not empty.');
    if (pattern === undefined && /[*?]/.test(name)) {
      fail(
        `the channel '${name}' holds a wildcard. Add { pattern: true } to match by it, or { pattern: false } if that is its very name.`,
      );
    }
  }
  return {
    channels: names,
    method: pattern === true ? 'psubscribe' : sharded ? 'ssubscribe' : 'subscribe',
    connection,
    codec: typeof codec === 'string' ? BUILT_IN_CODECS[codec] : codec,
    schema: options.schema,
    envelope: options.envelope,
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    ordered: options.ordered ?? false,
    bufferSize: options.bufferSize ?? DEFAULT_BUFFER_SIZE,
    overflow: options.overflow ?? 'drop-oldest',
  };
}
