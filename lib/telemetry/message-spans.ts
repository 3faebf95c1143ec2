import type { RedisHandlerContext } from '../handlers/redis-handler-context.js';
import type { TraceFields } from '../publisher/trace-fields.js';

/** A message on its way out. */
export interface OutgoingMessage {
  readonly channel: string;
  /** Of its envelope, where it has one. */
  readonly id: string | undefined;
  /** Bytes, without the envelope. */
  readonly bodySize: number;
}

/**
 * What a connection with traces does around its messages. Apart from `MessageTracing`, which is it: the declarations of what is
 * public lead here, and must hold where `@opentelemetry/api` is not installed.
 */
export interface MessageSpans {
  /**
   * Sends a message inside a span, a child of what is active.
   *
   * @param send is given what the envelope has to carry for handlers to join the trace.
   */
  publish<T>(message: OutgoingMessage, send: (trace: TraceFields) => Promise<T>): Promise<T>;
  /**
   * Adds an entry inside a span, a child of what is active.
   *
   * @param send is given what the entry has to carry for handlers to join the trace; resolves with the entry's id.
   */
  add(stream: string, send: (trace: TraceFields) => Promise<string>): Promise<string>;
  /**
   * Runs `handle` inside a span, so that the spans of its commands are the children of it. It is a child of the
   * publisher's where the message's envelope, or the entry, tells of one, and begins a trace otherwise: nothing that is active out
   * here has to do with the message.
   *
   * @param handler class and method: several handlers may listen to one channel.
   */
  run(message: RedisHandlerContext, handler: string, handle: () => Promise<void>): Promise<void>;
}
