import { randomUUID } from 'node:crypto';
import { LONGEST_TRACE_FIELD, type TraceFields } from './trace-fields.js';

/** What an envelope says beside the data. Of hostile input only what has its format is left. */
export interface Envelope {
  /** Undefined for one that is no sensible id: too long, or with control characters. */
  readonly id: string | undefined;
  readonly source: string | undefined;
  readonly time: Date | undefined;
  /** Trace context: `traceparent`, `tracestate` and what else the publisher's propagator wrote. */
  readonly trace: TraceFields;
}

/** An envelope that was opened. */
export interface OpenedEnvelope extends Envelope {
  /** The body as bytes, which is what a codec takes. */
  readonly body: () => Buffer;
  /** The body where it is a JSON value, which then need not be parsed a second time. */
  readonly json: { readonly value: unknown } | undefined;
}

/** A body with what it is made of. */
export interface EncodedPayload {
  readonly body: string | Buffer;
  /** JSON stands in the envelope as it is, other text as a string, bytes as Base64. */
  readonly contentType: 'application/json' | 'text/plain' | 'application/octet-stream';
}

/** Longest id and source that are taken over, characters. */
const LONGEST_NAME = 1_024;

/** Attributes of the specification: what is not among them may be a field of a propagator. */
const OWN = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'datacontenttype',
  'dataschema',
  'data',
  'data_base64',
]);

/** How the specification wants attributes named. */
const ATTRIBUTE_NAME = /^[a-z0-9]{1,20}$/;

/** No control characters, and nothing that is half of a surrogate pair. */
const CLEAN = /^[^\p{Cc}\p{Cs}]+$/u;

/** RFC 3339. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/** In either alphabet, with or without padding. */
const BASE64 = /^[\w+/-]*={0,2}$/;

const JSON_TYPE = /^[^/;\s]+\/(?:[^/;\s]+\+)?json\s*(?:;|$)/i;

/**
 * Puts a body into an envelope: CloudEvents 1.0, structured JSON, with the Distributed Tracing extension. The body stands
 * last and as it is, so that it is not written as JSON a second time.
 *
 * @param channel what the event is of: its `type`.
 */
export function sealEnvelope(
  { body, contentType }: EncodedPayload,
  channel: string,
  source: string,
  id: string = randomUUID(),
  trace: TraceFields = {},
): string {
  const fields = Object.entries(trace).filter(([name]) => ATTRIBUTE_NAME.test(name) && !OWN.has(name));
  const head = JSON.stringify({
    specversion: '1.0',
    id,
    source,
    type: channel,
    time: new Date().toISOString(),
    datacontenttype: contentType,
    ...Object.fromEntries(fields),
  });
  return `${head.slice(0, -1)},${dataMember(body, contentType)}}`;
}

function dataMember(body: string | Buffer, contentType: EncodedPayload['contentType']): string {
  if (typeof body !== 'string') return `"data_base64":"${body.toString('base64')}"`;
  return `"data":${contentType === 'application/json' ? body : JSON.stringify(body)}`;
}

/**
 * Opens an envelope. Undefined for a message that is none: without JSON, without one of the attributes that the
 * specification requires, with two bodies, or with one that is damaged. Never throws, whatever the message is.
 */
export function openEnvelope(message: Buffer): OpenedEnvelope | undefined {
  const event = parseObject(message);
  if (event === undefined || event['specversion'] !== '1.0') return undefined;
  const { id, source, type, time, data_base64: encoded } = event;
  if (![id, source, type].every((value) => typeof value === 'string' && value !== '')) return undefined;
  const hasData = Object.hasOwn(event, 'data');
  if (encoded !== undefined && (hasData || !isBase64(encoded))) return undefined;
  return {
    id: nameOrNothing(id as string),
    source: nameOrNothing(source as string),
    time: parseTime(time),
    trace: traceFields(event),
    ...openBody(event, hasData),
  };
}

function openBody(event: Record<string, unknown>, hasData: boolean): Pick<OpenedEnvelope, 'body' | 'json'> {
  const { data, data_base64: encoded, datacontenttype: contentType } = event;
  if (typeof encoded === 'string') return { body: () => Buffer.from(encoded, 'base64'), json: undefined };
  if (!hasData) return { body: () => Buffer.alloc(0), json: { value: null } };
  if (typeof data === 'string' && typeof contentType === 'string' && !JSON_TYPE.test(contentType))
    return { body: () => Buffer.from(data), json: undefined };
  return { body: () => Buffer.from(JSON.stringify(data)), json: { value: data } };
}

/** Node decodes what it can of anything, and a handler would take the rest for the whole. */
function isBase64(text: unknown): boolean {
  if (typeof text !== 'string' || !BASE64.test(text)) return false;
  const digits = text.replace(/=+$/, '').length;
  return digits % 4 !== 1 && (digits === text.length || text.length % 4 === 0);
}

function parseObject(message: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(message.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** True for an id or a source that handlers are shown. */
export function isCleanName(name: string): boolean {
  return name.length <= LONGEST_NAME && CLEAN.test(name);
}

function nameOrNothing(name: string): string | undefined {
  return isCleanName(name) ? name : undefined;
}

function parseTime(time: unknown): Date | undefined {
  if (typeof time !== 'string' || !TIME.test(time)) return undefined;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function traceFields(event: Record<string, unknown>): TraceFields {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(event)) {
    if (typeof value !== 'string' || OWN.has(name) || !ATTRIBUTE_NAME.test(name)) continue;
    if (value.length <= LONGEST_TRACE_FIELD && CLEAN.test(value)) fields[name] = value;
  }
  return fields;
}
