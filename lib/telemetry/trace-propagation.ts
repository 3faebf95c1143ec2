import type { Context, SpanContext } from '@opentelemetry/api';
import type { TraceFields } from '../publisher/trace-fields.js';
import { attempt } from './attempt.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';

/** Version 00 of W3C Trace Context, the one there is. Ids of zeros alone are none: tracers know. */
const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/**
 * Carries trace context from publisher to handler by the propagator that the application configured, so baggage travels as
 * it does over HTTP. W3C's `traceparent` is there in any case: it is what readers of the envelope know.
 */
export class TracePropagation {
  constructor(private readonly api: OpenTelemetryApi) {}

  /** What an envelope has to carry of a context. */
  inject(context: Context): TraceFields {
    const fields: Record<string, string> = {};
    const { propagation, trace } = this.api;
    attempt(() => propagation.inject(context, fields));
    const span = trace.getSpanContext(context);
    if (fields['traceparent'] === undefined && span !== undefined && trace.isSpanContextValid(span)) {
      const flags = span.traceFlags.toString(16).padStart(2, '0');
      fields['traceparent'] = `00-${span.traceId}-${span.spanId}-${flags}`;
      const state = span.traceState?.serialize();
      if (state !== undefined && state !== '') fields['tracestate'] = state;
    }
    return fields;
  }

  /**
   * The context that an envelope tells of, with the rest of `base`, whose span stays where the envelope names none. Undefined
   * without an envelope. What it holds is a stranger's, so nothing in it is an error.
   */
  extract(fields: TraceFields | undefined, base: Context): Context | undefined {
    if (fields === undefined) return undefined;
    const { propagation, trace } = this.api;
    const spanless = trace.deleteSpan(base);
    const extracted = attempt(() => propagation.extract(spanless, fields)) ?? spanless;
    const span = trace.getSpanContext(extracted);
    if (span !== undefined && trace.isSpanContextValid(span)) return extracted;
    const parsed = this.parse(fields);
    if (parsed !== undefined) return trace.setSpanContext(extracted, parsed);
    // baggage travels without a trace, too
    const own = trace.getSpan(base);
    return own === undefined ? trace.deleteSpan(extracted) : trace.setSpan(extracted, own);
  }

  private parse({ traceparent = '', tracestate }: TraceFields): SpanContext | undefined {
    const match = TRACEPARENT.exec(traceparent);
    if (match === null) return undefined;
    const [, traceId, spanId, flags] = match as unknown as [string, string, string, string];
    return {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags, 16),
      isRemote: true,
      ...(tracestate !== undefined && { traceState: this.api.createTraceState(tracestate) }),
    };
  }
}
