import type { Attributes, Span, SpanOptions } from '@opentelemetry/api';
import {
  RedisServerError,
  type CommandEvent,
  type CommandInfo,
  type CommandObserver,
} from '../core/index.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';
import {
  commandAttributes,
  errorAttributes,
  formerCommandAttributes,
  LIBRARY_NAME,
  LIBRARY_VERSION,
  peerAttributes,
  wantsFormerNames,
} from './semantic-conventions.js';

/** A command under way. */
interface TracedCommand {
  readonly span: Span;
  readonly info: CommandInfo;
}

/**
 * A CLIENT span per command, from call to reply, retries included. Its parent is what is active where the command is
 * called. The name is the command's alone: the conventions leave out the database's number, as it says nothing to a
 * reader.
 *
 * Everything that may decide whether a span is sampled is there when it starts. For commands of one kind that is always the
 * same, so it is made once: it would be most of what an unsampled command costs.
 */
export function createCommandTracer(api: OpenTelemetryApi): CommandObserver<TracedCommand> {
  const tracer = api.trace.getTracer(LIBRARY_NAME, LIBRARY_VERSION);
  const former = wantsFormerNames();
  const known = new WeakMap<CommandInfo, SpanOptions>();
  const optionsOf = (info: CommandInfo): SpanOptions => {
    const attributes = commandAttributes(info);
    attributes['db.query.text'] = info.queryText;
    if (info.scriptSha !== undefined) attributes['db.stored_procedure.name'] = info.scriptSha;
    Object.assign(attributes, peerAttributes(info));
    if (former) Object.assign(attributes, formerCommandAttributes(info));
    const options: SpanOptions = { kind: api.SpanKind.CLIENT, attributes: Object.freeze(attributes) };
    // each batch has an info of its own
    if (info.batchSize === undefined) known.set(info, options);
    return options;
  };
  return {
    start(info) {
      return { span: tracer.startSpan(info.name, known.get(info) ?? optionsOf(info)), info };
    },
    event({ span, info }, event) {
      if (!span.isRecording()) return;
      span.addEvent(`redis.${event.type}`, eventAttributes(event));
      const peer = event.type === 'sent' ? peerAttributes(info, event.peer) : undefined;
      // of several addresses the last one counts
      if (peer !== undefined) span.setAttributes(peer);
    },
    end({ span, info }, error) {
      try {
        if (error !== undefined && span.isRecording()) describeFailure(span, info, error);
      } finally {
        // also where a tracer of somebody else's throws: what is not ended is never exported
        span.end();
      }
    },
  };

  function describeFailure(span: Span, info: CommandInfo, error: Error): void {
    const description = errorAttributes(error);
    const status = description['error.type'];
    // EVAL follows by itself: what is mended is no failure, though it is what the server said
    if (info.isTentative === true && error instanceof RedisServerError && error.code === 'NOSCRIPT') {
      span.setAttribute('db.response.status_code', status);
      return;
    }
    span.setAttributes(description);
    span.setStatus({ code: api.SpanStatusCode.ERROR, message: status });
  }
}

function eventAttributes(event: CommandEvent): Attributes | undefined {
  switch (event.type) {
    case 'waiting':
      return event.error === undefined ? undefined : errorAttributes(event.error);
    case 'retry':
      return {
        ...errorAttributes(event.error),
        'redis.retry.attempt': event.attempt,
        'redis.retry.delay': event.delay,
      };
    case 'redirect':
      return { ...errorAttributes(event.error), 'redis.cluster.slot': event.slot };
    default:
      return undefined;
  }
}
