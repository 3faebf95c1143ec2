import { randomUUID } from 'node:crypto';
import { LIBRARY_NAME } from '../core/version.js';
import type { RedisAddOptions, RedisPublishOptions } from '../interfaces/index.js';
import { aBoolean, checkOptions, isObject, type OptionChecks } from '../option-checks.js';
import type { RedisConnection } from '../redis-connection.js';
import { addToStream } from '../streams/add-to-stream.js';
import { anEncoder, encodePayload } from './encode-payload.js';
import { isCleanName, sealEnvelope } from './envelope.js';
import type { TraceFields } from './trace-fields.js';

const CHECKS: OptionChecks<RedisPublishOptions> = {
  sharded: aBoolean,
  codec: anEncoder,
  envelope: aBoolean,
  id: (value) =>
    typeof value === 'string' && isCleanName(value)
      ? undefined
      : 'a string that is not empty, has no control characters and 1,024 characters at most, since handlers are shown no other',
};

export const PUBLISH_OPTION_NAMES: readonly string[] = Object.keys(CHECKS);

/** What the publisher needs to know of its connection. */
export type PublisherConnection = Pick<
  RedisConnection,
  'name' | 'options' | 'injectedClient' | 'messageTracing'
>;

/**
 * Publishes messages over a connection; `@OnRedisMessage()` is the other side. Inject it by class for the default
 * connection, with `@InjectRedisPublisher(name)` for others:
 *
 * ```ts
 * interface Events {
 *   'orders.created': Order;
 * }
 *
 * constructor(private readonly publisher: RedisPublisher<Events>) {}
 *
 * await this.publisher.publish('orders.created', order);
 * ```
 *
 * @typeParam Events payloads by channel. Without it any channel takes anything.
 */
// `any`, so that interfaces fit, and so that `module.get(RedisPublisher)`, which gives the constraint, can publish
// oxlint-disable-next-line typescript/no-explicit-any
export class RedisPublisher<Events extends Record<string, any> = Record<string, unknown>> {
  /** @internal Made by `RedisModule`, for each connection one. */
  constructor(private readonly connection: PublisherConnection) {}

  /**
   * Publishes a message. What is published in one tick goes out in one write, in its order.
   *
   * @returns how many connections received it; handlers of one application share theirs.
   * @throws {TypeError} before anything is sent, naming the channel, for arguments that cannot work. No value is part of
   *   the text.
   */
  async publish<Channel extends keyof Events & string>(
    channel: Channel,
    payload: Events[Channel],
    options: RedisPublishOptions = {},
  ): Promise<number> {
    checkArguments(channel, options);
    const { codec = 'json', sharded = false, envelope = this.connection.options.envelope } = options;
    if (options.id !== undefined && !envelope) {
      throw new TypeError(
        `publish() to channel "${channel}": 'id' has its place in the envelope, and this message has none. Add envelope: true.`,
      );
    }
    const encoded = encodePayload(channel, payload, codec);
    const id = envelope ? (options.id ?? randomUUID()) : undefined;
    const send = (trace?: TraceFields): Promise<number> => {
      const body = id === undefined ? encoded.body : sealEnvelope(encoded, channel, this.source, id, trace);
      return this.send(channel, sharded ? 'spublish' : 'publish', body);
    };
    const { messageTracing } = this.connection;
    if (messageTracing === undefined) return send();
    const bodySize = Buffer.byteLength(encoded.body);
    return messageTracing.publish({ channel, id, bodySize }, send);
  }

  /**
   * Adds an entry to a stream; `@OnRedisStream()` is the other side.
   *
   * @param payload a record of fields; anything with `field`.
   * @returns the entry's id.
   * @throws {TypeError} before anything is sent, naming the stream, for arguments that cannot work. No value is part of the
   *   text.
   */
  add(stream: string, payload: unknown, options?: RedisAddOptions): Promise<string> {
    return addToStream(this.connection, stream, payload, options);
  }

  /** What the envelope names as the sender. */
  private get source(): string {
    return this.connection.options.client.clientName ?? LIBRARY_NAME;
  }

  private send(channel: string, method: 'publish' | 'spublish', body: string | Buffer): Promise<number> {
    const client = this.connection.injectedClient;
    if (typeof client?.[method] !== 'function') {
      throw new TypeError(
        `publish() to channel "${channel}": what stands in for the client of "${this.connection.name}" has no ${method}().`,
      );
    }
    return client[method](channel, body);
  }
}

function checkArguments(channel: unknown, options: RedisPublishOptions): void {
  if (typeof channel !== 'string' || channel === '') {
    throw new TypeError(
      "publish(): its first argument is the channel, as in publish('orders.created', order).",
    );
  }
  const fail = (problem: string): never => {
    throw new TypeError(`publish() to channel "${channel}": ${problem}`);
  };
  if (!isObject(options)) fail('its third argument is an object of options.');
  checkOptions(options, CHECKS, fail);
}
