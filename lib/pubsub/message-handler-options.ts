import type { StandardSchemaV1 } from '@standard-schema/spec';
import { unknownOption } from '../core/unknown-option.js';
import type { OnRedisMessageOptions, RedisMessageCodec } from '../interfaces/index.js';
import { DEFAULT_REDIS_CONNECTION } from '../redis.constants.js';
import { checkConnectionName } from '../redis-options.js';
import { BUILT_IN_CODECS, isCodec } from '../handlers/codecs.js';
import { isStandardSchema } from '../handlers/validate-payload.js';

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

const KNOWN: Record<keyof OnRedisMessageOptions, (value: unknown) => string | undefined> = {
  pattern: isBoolean,
  sharded: isBoolean,
  connection: () => undefined,
  codec: (value) =>
    isCodec(value) ? undefined : "'json', 'text', 'buffer' or an object with a decode(data) method",
  schema: (value) =>
    isStandardSchema(value)
      ? undefined
      : 'a schema that implements Standard Schema: of zod 3.24, valibot 1, ArkType 2 or later',
  envelope: isBoolean,
  concurrency: isCount,
  ordered: isBoolean,
  bufferSize: isCount,
  overflow: (value) =>
    value === 'drop-oldest' || value === 'drop-newest' ? undefined : "'drop-oldest' or 'drop-newest'",
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
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    fail(
      "its second argument is an object of options. Give several channels as one array: @OnRedisMessage(['a', 'b']).",
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(KNOWN, name)) fail(unknownOption(name, Object.keys(KNOWN)).message);
    const expected = value === undefined ? undefined : KNOWN[name as keyof OnRedisMessageOptions](value);
    if (expected !== undefined) fail(`'${name}' must be ${expected}.`);
  }
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

function isBoolean(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'true or false';
}

function isCount(value: unknown): string | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 1 ? undefined : 'an integer of 1 or more';
}
