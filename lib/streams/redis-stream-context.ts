import type { StreamConsumerEntry } from '../core/index.js';

/** Where an entry came from. */
export interface RedisStreamOrigin {
  /** The stream's key, without the connection's `keyPrefix`. */
  readonly stream: string;
  readonly group: string;
  /** The consumer in the group that has the entry. */
  readonly consumer: string;
  /** Name of the connection that it came over. */
  readonly connection: string;
  /** Deliveries after which an entry is given up; Infinity where none is. */
  readonly maxDeliveries: number;
}

/**
 * What is known of an entry beside its payload. A class rather than an interface, so that
 * `@RedisContext() context: RedisStreamContext` needs no `import type`, and that what serves messages too can tell which it
 * has: `context instanceof RedisStreamContext`.
 */
export class RedisStreamContext {
  readonly type = 'stream';
  /** The stream's key, without the connection's `keyPrefix`. */
  readonly stream: string;
  /** The consumer group. */
  readonly group: string;
  /** Name of the consumer in the group that has the entry. */
  readonly consumer: string;
  /** The entry's id. */
  readonly id: string;
  /** How often the group has handed the entry out, this time included: 1 at first. Counted by the server, across processes. */
  readonly deliveries: number;
  /** True where the entry is given up if the handler fails: see `maxDeliveries`. */
  readonly isLastDelivery: boolean;
  /** All fields of the entry, as they were received. */
  readonly fields: Readonly<Record<string, Buffer>>;
  /** Name of the connection that it came over. */
  readonly connection: string;
  /**
   * Aborts when the application shuts down. What fails after that was not the entry's fault: the entry goes to another
   * consumer at once, and this delivery does not count. What is not done within `shutdownTimeout` is left pending.
   */
  readonly signal: AbortSignal;

  /** @internal */
  constructor(entry: StreamConsumerEntry<Buffer>, origin: RedisStreamOrigin, signal: AbortSignal) {
    this.stream = origin.stream;
    this.group = origin.group;
    this.consumer = origin.consumer;
    this.connection = origin.connection;
    this.id = entry.id;
    this.deliveries = entry.deliveries;
    this.isLastDelivery = entry.deliveries >= origin.maxDeliveries;
    this.fields = entry.fields;
    this.signal = signal;
  }
}
