import type { Span, Tracer } from '@opentelemetry/api';
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

  /** Runs `handle` inside a span, so that the spans of its commands are the children of it. */
  async run(message: RedisMessageContext, handle: () => Promise<void>): Promise<void> {
    const span = this.start(message);
    try {
      await this.within(span, handle);
    } catch (error) {
      this.fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  start(message: RedisMessageContext): Span {
    traced.add(message);
    const { api } = this;
    return this.tracer.startSpan(`process ${message.pattern ?? message.channel}`, {
      kind: api.SpanKind.CONSUMER,
      attributes: {
        'messaging.system': 'redis',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': message.channel,
        // many channels, one pattern: what to group by
        ...(message.pattern !== undefined && { 'messaging.destination.template': message.pattern }),
      },
    });
  }

  /** Calls `work` with the span active. */
  within<T>(span: Span, work: () => T): T {
    const { context, trace } = this.api;
    return context.with(trace.setSpan(context.active(), span), work);
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
