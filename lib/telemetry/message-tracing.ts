import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import type { TraceFields } from '../publisher/trace-fields.js';
import type { RedisHandlerContext } from '../handlers/redis-handler-context.js';
import type { RedisMessageContext } from '../pubsub/redis-message-context.js';
import { RedisStreamContext } from '../streams/redis-stream-context.js';
import { attempt } from './attempt.js';
import { entrySpan, traceFieldsOf } from './entry-span.js';
import { loadOpenTelemetry, type OpenTelemetryApi } from './load-opentelemetry.js';
import type { MessageSpans, OutgoingMessage } from './message-spans.js';
import { errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';
import { TracePropagation } from './trace-propagation.js';

/** Messages and entries that have a span already: the module's own tracing and the interceptor must not both make one. */
const traced = new WeakSet<RedisHandlerContext>();

/** PRODUCER spans around the publishing of messages, CONSUMER spans around their handling and that of entries. */
export class MessageTracing implements MessageSpans {
  private readonly tracer: Tracer;
  private readonly propagation: TracePropagation;

  /** @param server attributes of the connection, where it is known. */
  constructor(
    private readonly api: OpenTelemetryApi,
    private readonly server: Attributes = {},
  ) {
    this.tracer = api.trace.getTracer(LIBRARY_NAME, LIBRARY_VERSION);
    this.propagation = new TracePropagation(api);
  }

  /** True for a message that is inside of a span of ours. */
  isTraced(message: RedisHandlerContext): boolean {
    return traced.has(message);
  }

  publish<T>(message: OutgoingMessage, send: (trace: TraceFields) => Promise<T>): Promise<T> {
    const attributes = {
      'messaging.message.body.size': message.bodySize,
      ...(message.id !== undefined && { 'messaging.message.id': message.id }),
    };
    return this.produce('publish', message.channel, attributes, send);
  }

  add(stream: string, send: (trace: TraceFields) => Promise<string>): Promise<string> {
    return this.produce('add', stream, {}, async (fields, span) => {
      const id = await send(fields);
      attempt(() => span?.setAttribute('messaging.message.id', id));
      return id;
    });
  }

  private produce<T>(
    operation: string,
    destination: string,
    attributes: Attributes,
    send: (trace: TraceFields, span: Span | undefined) => Promise<T>,
  ): Promise<T> {
    const { context, trace, SpanKind } = this.api;
    const span = attempt(() =>
      this.tracer.startSpan(`${operation} ${destination}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'redis',
          ...this.server,
          'messaging.operation.name': operation,
          'messaging.operation.type': 'send',
          'messaging.destination.name': destination,
          ...attributes,
        },
      }),
    );
    const inside = span === undefined ? context.active() : trace.setSpan(context.active(), span);
    return this.around(span, () => context.with(inside, () => send(this.propagation.inject(inside), span)));
  }

  async run(message: RedisHandlerContext, handler: string, handle: () => Promise<void>): Promise<void> {
    const parent = this.parentOf(message, this.api.ROOT_CONTEXT);
    const span = this.start(message, handler, parent);
    await this.around(span, () => this.within(span, handle, parent));
  }

  /** What a message's span is a child of: the publisher's span, or what is active where nothing is known of it. */
  parentOf(message: RedisHandlerContext, active: Context = this.api.context.active()): Context {
    const fields = message instanceof RedisStreamContext ? traceFieldsOf(message) : message.trace;
    return this.propagation.extract(fields, active) ?? active;
  }

  /** Undefined where the application's tracer fails: the message goes on without. */
  start(message: RedisHandlerContext, handler: string, parent: Context): Span | undefined {
    traced.add(message);
    const { name, attributes } =
      message instanceof RedisStreamContext ? entrySpan(message) : messageSpan(message);
    return attempt(() =>
      this.tracer.startSpan(
        `process ${name}`,
        {
          kind: this.api.SpanKind.CONSUMER,
          attributes: {
            'messaging.system': 'redis',
            ...this.server,
            'messaging.operation.name': 'process',
            'messaging.operation.type': 'process',
            ...attributes,
            'code.function.name': handler,
          },
        },
        parent,
      ),
    );
  }

  /** Calls `work` with the span active. */
  within<T>(span: Span | undefined, work: () => T, parent: Context): T {
    const { context, trace } = this.api;
    return context.with(span === undefined ? parent : trace.setSpan(parent, span), work);
  }

  fail(span: Span | undefined, error: unknown): void {
    attempt(() => {
      const description = errorAttributes(error);
      span?.setAttributes(description);
      span?.setStatus({ code: this.api.SpanStatusCode.ERROR, message: description['error.type'] });
    });
  }

  end(span: Span | undefined): void {
    attempt(() => span?.end());
  }

  /** Ends the span when `work` is done, with its error if it has one. */
  private async around<T>(span: Span | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.fail(span, error);
      throw error;
    } finally {
      this.end(span);
    }
  }
}

function messageSpan({ channel, pattern, id, data, trace }: RedisMessageContext): {
  name: string;
  attributes: Attributes;
} {
  return {
    name: pattern ?? channel,
    attributes: {
      'messaging.destination.name': channel,
      // many channels, one pattern: what to group by
      ...(pattern !== undefined && { 'messaging.destination.template': pattern }),
      ...(id !== undefined && { 'messaging.message.id': id }),
      [trace === undefined ? 'messaging.message.body.size' : 'messaging.message.envelope.size']: data.length,
    },
  };
}

/** @throws {Error} where `@opentelemetry/api` is not installed. */
export async function loadMessageTracing(asker: string): Promise<MessageTracing> {
  return new MessageTracing(await loadOpenTelemetry(asker));
}
