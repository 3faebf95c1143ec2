import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  resolveConcurrency,
  resolveStreamConsumer,
  STREAM_CONSUMER_OPTION_NAMES,
} from '../core/streams/stream-consumer-options.js';
import type { StreamConsumerOptions } from '../core/index.js';
import { unknownOption } from '../core/unknown-option.js';
import { BUILT_IN_CODECS } from '../handlers/codecs.js';
import { aCodec, aSchema } from '../handlers/payload-option-checks.js';
import type { OnRedisStreamOptions, RedisMessageCodec } from '../interfaces/index.js';
import { aText, checkOptions, isObject, type OptionChecks } from '../option-checks.js';
import { DEFAULT_REDIS_CONNECTION } from '../redis.constants.js';
import { checkConnectionName } from '../redis-options.js';

/** One `@OnRedisStream()` with everything checked and filled in. */
export interface StreamHandlerOptions {
  /** For `client.streamConsumer()`, which fills in its own defaults. */
  readonly consumer: Readonly<StreamConsumerOptions> & { readonly buffers: true };
  /** Deliveries after which an entry is given up; Infinity where none is. */
  readonly maxDeliveries: number;
  readonly connection: string;
  readonly concurrency: number;
  readonly field: string | undefined;
  readonly codec: RedisMessageCodec;
  readonly schema: StandardSchemaV1 | undefined;
}

/** What `@OnRedisStream()` adds to the options of a stream consumer. */
const OWN = ['connection', 'concurrency', 'field', 'codec', 'schema'] as const;

/** Of those that the core does not check. */
const CHECKS: OptionChecks<Pick<OnRedisStreamOptions, 'field' | 'codec' | 'schema'>> = {
  field: aText,
  codec: aCodec,
  schema: aSchema,
};

/** Options of a stream consumer that are not for users here. */
const NOT_HERE = ['stream', 'buffers'];

const KNOWN: readonly string[] = [
  ...STREAM_CONSUMER_OPTION_NAMES.filter((name) => !NOT_HERE.includes(name)),
  ...OWN,
];

/**
 * Checks what `@OnRedisStream()` was given.
 *
 * @throws {TypeError} that says where it is and what to write instead.
 */
export function resolveStreamHandlerOptions(
  place: string,
  stream: unknown,
  options: OnRedisStreamOptions,
): StreamHandlerOptions {
  const asker = `@OnRedisStream() on ${place}`;
  const fail = (problem: string): never => {
    throw new TypeError(`${asker}: ${problem}`);
  };
  if (typeof stream !== 'string' || stream === '')
    return fail("name the stream first, as in @OnRedisStream('orders', { group: 'billing' }).");
  if (!isObject(options))
    fail(
      "its second argument is an object of options, as in @OnRedisStream('orders', { group: 'billing' }).",
    );
  for (const name of Object.keys(options)) {
    if (name === 'stream') fail("the stream is its first argument, not an option. Leave 'stream' out.");
    if (name === 'buffers')
      fail(
        "leave 'buffers' out: the context's `fields` are Buffers, and { field, codec: 'buffer' } makes one the payload.",
      );
    if (!KNOWN.includes(name)) fail(unknownOption(name, KNOWN).message);
  }
  const { connection = DEFAULT_REDIS_CONNECTION, concurrency, field, codec, schema, ...consumer } = options;
  checkConnectionName(asker, connection);
  if (consumer.group === undefined)
    fail("it needs a consumer group. Write @OnRedisStream('orders', { group: 'billing' }).");
  checkOptions({ field, codec, schema }, CHECKS, fail);
  if (codec !== undefined && field === undefined)
    fail(
      "'codec' needs 'field', the one field of an entry that it decodes. Write { field: 'data', codec: … }.",
    );
  try {
    const given = { ...consumer, stream, buffers: true } as const;
    const { maxDeliveries } = resolveStreamConsumer(given);
    return {
      consumer: given,
      maxDeliveries,
      connection,
      concurrency: resolveConcurrency(concurrency === undefined ? {} : { concurrency }),
      field,
      codec: typeof codec === 'object' ? codec : BUILT_IN_CODECS[codec ?? 'json'],
      schema,
    };
  } catch (error) {
    // the core names its own methods, which the user has not called
    return fail((error as Error).message.replace(/^(streamConsumer|run)\(\): /, ''));
  }
}
