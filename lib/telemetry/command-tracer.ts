import type { Span } from '@opentelemetry/api';
import type { CommandObserver } from '../core/index.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';
import {
  commandAttributes,
  errorAttributes,
  formerCommandAttributes,
  LIBRARY_NAME,
  LIBRARY_VERSION,
  wantsFormerNames,
} from './semantic-conventions.js';

/**
 * A CLIENT span per command, from call to reply, retries included. Its parent is what is active where the command is
 * called. The name is the command's alone: the conventions leave out the database's number, as it says nothing to a
 * reader.
 */
export function createCommandTracer(api: OpenTelemetryApi): CommandObserver<Span> {
  const tracer = api.trace.getTracer(LIBRARY_NAME, LIBRARY_VERSION);
  const former = wantsFormerNames();
  return {
    start(info) {
      const attributes = commandAttributes(info);
      attributes['db.query.text'] = info.queryText;
      if (former) Object.assign(attributes, formerCommandAttributes(info));
      return tracer.startSpan(info.name, { kind: api.SpanKind.CLIENT, attributes });
    },
    end(span, error) {
      if (error !== undefined) {
        const description = errorAttributes(error);
        span.setAttributes(description);
        span.setStatus({ code: api.SpanStatusCode.ERROR, message: description['error.type'] });
      }
      span.end();
    },
  };
}
