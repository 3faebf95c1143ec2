import type { RedisMessage } from '../core/index.js';
import type { Envelope } from '../publisher/envelope.js';
import type { TraceFields } from '../publisher/trace-fields.js';

/**
 * What is known of a message beside its payload. A class rather than an interface, so that
 * `@RedisContext() context: RedisMessageContext` needs no `import type`.
 */
export class RedisMessageContext {
  /** Which kind of subscription it came by. */
  readonly type: RedisMessage['type'];
  /** The channel that it was published to. */
  readonly channel: string;
  /** The pattern that matched, of a handler with `pattern: true`. */
  readonly pattern: string | undefined;
  /** Name of the connection that it came over. */
  readonly connection: string;
  /** The message as it was received. */
  readonly data: Buffer;
  /** Aborts when the application shuts down: what is not done within `shutdownTimeout` then is left behind. */
  readonly signal: AbortSignal;

  /** The message's id, by its envelope. Made by the sender: no proof of anything. */
  readonly id: string | undefined;
  /** Who sent it, by its envelope. */
  readonly source: string | undefined;
  /** When it was sent, by its envelope and the sender's clock. */
  readonly time: Date | undefined;
  /** @internal Trace context of the sender. */
  readonly trace: TraceFields | undefined;

  /** @internal */
  constructor(message: RedisMessage<Buffer>, connection: string, signal: AbortSignal, envelope?: Envelope) {
    this.type = message.type;
    this.channel = message.channel;
    this.pattern = message.pattern;
    this.connection = connection;
    this.data = message.data;
    this.signal = signal;
    this.id = envelope?.id;
    this.source = envelope?.source;
    this.time = envelope?.time;
    this.trace = envelope?.trace;
  }
}
