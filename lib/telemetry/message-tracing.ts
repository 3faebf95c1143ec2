import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { RedisMessageContext } from '../pubsub/redis-message-context.js';
import { loadOpenTelemetry, type OpenTelemetryApi } from './load-opentelemetry.js';
import { errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';

/** Messages that have a span already: the module's own tracing and the interceptor must not both make one. */
const traced = new WeakSet<RedisMessageContext>();

/** CONSUMER spans around the handling of messages. */
export class MessageTracing {
  private readonly tracer: Tracer;

  constructor(private readonly api: OpenTelemetryApi) {
    this.tracer = api.trace.getTracer(LIBRARY_NAME, LIBRARY_VERSION);
  }

  /** True for a message that is inside of a span of ours. */
  isTraced(message: RedisMessageContext): boolean {
    return traced.has(message);
  }

  /**
   * Runs `handle` inside a span, so that the spans of its commands are the children of it. It begins a trace: nothing
   * that is active out here has to do with the message.
   *
   * @param handler class and method: several handlers may listen to one channel.
   */
  async run(message: RedisMessageContext, handler: string, handle: () => Promise<void>): Promise<void> {
    const { ROOT_CONTEXT } = this.api;
    const span = this.start(message, handler, ROOT_CONTEXT);
    try {
      await this.within(span, handle, ROOT_CONTEXT);
    } catch (error) {
      this.fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  start(message: RedisMessageContext, handler: string, parent: Context = this.api.context.active()): Span {
    traced.add(message);
    return this.tracer.startSpan(
      `process ${message.pattern ?? message.channel}`,
      {
        kind: this.api.SpanKind.CONSUMER,
        attributes: {
          'messaging.system': 'redis',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': message.channel,
          // many channels, one pattern: what to group by
          ...(message.pattern !== undefined && { 'messaging.destination.template': message.pattern }),
          'code.function.name': handler,
        },
      },
      parent,
    );
  }

  /** Calls `work` with the span active. */
  within<T>(span: Span, work: () => T, parent: Context = this.api.context.active()): T {
    const { context, trace } = this.api;
    return context.with(trace.setSpan(parent, span), work);
  }

  fail(span: Span, error: unknown): void {
    const description = errorAttributes(error);
    span.setAttributes(description);
    span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: description['error.type'] });
  }
}

/** @throws {Error} where `@opentelemetry/api` is not installed. */
export async function loadMessageTracing(asker: string): Promise<MessageTracing> {
  return new MessageTracing(await loadOpenTelemetry(asker));
}
