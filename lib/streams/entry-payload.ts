import { TRACE_FIELDS } from '../publisher/trace-fields.js';
import type { StreamHandlerOptions } from './stream-handler-options.js';

type Fields = Readonly<Record<string, Buffer>>;

/**
 * Makes the payload of an entry: one field by its codec, or all fields as text. A trace context among them is left out:
 * what checks a payload strictly would refuse it. Without `traceparent` there is none, and a field `baggage` is a field.
 *
 * @throws whatever the codec throws; {TypeError} for an entry without the field.
 */
export function payloadOf(
  fields: Fields,
  { field, codec }: Pick<StreamHandlerOptions, 'field' | 'codec'>,
): unknown {
  if (field === undefined) return textsOf(fields);
  if (!Object.hasOwn(fields, field))
    throw new TypeError(`the entry has no field '${field}', which the handler takes its payload from.`);
  return codec.decode(fields[field]!);
}

function textsOf(fields: Fields): Record<string, string> {
  const isTraced = Object.hasOwn(fields, 'traceparent');
  const entries = Object.entries(fields).filter(([name]) => !isTraced || !TRACE_FIELDS.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, value.toString()]));
}
