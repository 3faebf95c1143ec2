import type { Attributes } from '@opentelemetry/api';
import { LONGEST_TRACE_FIELD, TRACE_FIELDS } from '../publisher/trace-fields.js';
import type { RedisStreamContext } from '../streams/redis-stream-context.js';

/** What the span of an entry is called after, and what it says. */
export function entrySpan({ stream, group, id, consumer, deliveries }: RedisStreamContext): {
  name: string;
  attributes: Attributes;
} {
  return {
    name: stream,
    attributes: {
      'messaging.destination.name': stream,
      'messaging.consumer.group.name': group,
      'messaging.client.id': consumer,
      'messaging.message.id': id,
      'messaging.redis.message.delivery_count': deliveries,
    },
  };
}

/** The trace context that whoever added the entry left in its fields, for a propagator. */
export function traceFieldsOf({ fields }: RedisStreamContext): Record<string, string> {
  const carrier: Record<string, string> = {};
  for (const name of TRACE_FIELDS) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value !== undefined && value.length <= LONGEST_TRACE_FIELD) carrier[name] = value.toString();
  }
  return carrier;
}
