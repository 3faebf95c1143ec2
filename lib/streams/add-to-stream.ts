import { types } from 'node:util';
import type { CommandArgument } from '../core/commands/arguments.js';
import type { RedisAddOptions } from '../interfaces/index.js';
import { aBoolean, anInteger, aText, checkOptions, isObject, type OptionChecks } from '../option-checks.js';
import { anEncoder, encodePayload } from '../publisher/encode-payload.js';
import { TRACE_FIELDS, type TraceFields } from '../publisher/trace-fields.js';
import type { RedisConnection } from '../redis-connection.js';

/** What is needed of the connection that an entry is added over. */
export type AddingConnection = Pick<
  RedisConnection,
  'name' | 'options' | 'injectedClient' | 'messageTracing'
>;

const CHECKS: OptionChecks<RedisAddOptions> = {
  field: aText,
  codec: anEncoder,
  id: aText,
  maxlen: anInteger(0, 'a number of entries, 0 or more'),
  trace: aBoolean,
};

/**
 * Adds an entry to a stream; `@OnRedisStream()` is the other side.
 *
 * @param payload a record of fields; anything with `field`.
 * @returns the entry's id.
 * @throws {TypeError} before anything is sent, naming the stream, for arguments that cannot work. No value is part of the
 *   text.
 */
export async function addToStream(
  connection: AddingConnection,
  stream: string,
  payload: unknown,
  options: RedisAddOptions = {},
): Promise<string> {
  if (typeof stream !== 'string' || stream === '')
    throw new TypeError("add(): its first argument is the stream, as in add('orders', { id: 7 }).");
  const place = `add() to stream "${stream}"`;
  checkAddOptions(place, options);
  const { trace = connection.options.envelope, id = '*', maxlen } = options;
  const fields = fieldsOf(place, stream, payload, options);
  const taken = TRACE_FIELDS.find((name) => trace && fields.has(name));
  if (taken !== undefined) {
    throw new TypeError(
      `${place}: the field '${taken}' belongs to the trace context. Give yours another name, or leave the trace out with trace: false.`,
    );
  }
  const client = connection.injectedClient;
  if (typeof client?.xadd !== 'function')
    throw new TypeError(`${place}: what stands in for the client of "${connection.name}" has no xadd().`);
  const send = (context: TraceFields = {}): Promise<string> => {
    for (const name of trace ? TRACE_FIELDS : []) {
      const value = context[name];
      if (value !== undefined) fields.set(name, value);
    }
    return maxlen === undefined
      ? client.xadd!(stream, id, fields)
      : client.xadd!(stream, 'MAXLEN', '~', maxlen, id, fields);
  };
  const { messageTracing } = connection;
  return messageTracing === undefined ? send() : messageTracing.add(stream, send);
}

function fieldsOf(
  place: string,
  stream: string,
  payload: unknown,
  { field, codec = 'json' }: RedisAddOptions,
): Map<string, CommandArgument> {
  if (field !== undefined) return new Map([[field, encodePayload(stream, payload, codec, place).body]]);
  const prototype: unknown =
    typeof payload === 'object' && payload !== null ? Object.getPrototypeOf(payload) : undefined;
  const isRecord = prototype !== undefined && !Array.isArray(payload) && !ArrayBuffer.isView(payload);
  const entries = isRecord ? Object.entries(payload as Record<string, unknown>) : [];
  if (entries.length === 0)
    throw new TypeError(
      `${place}: the payload must be a record of fields that is not empty. For anything else name a field for it: { field: 'data' }.`,
    );
  for (const [name, value] of entries) {
    if (!['string', 'number', 'bigint'].includes(typeof value) && !types.isUint8Array(value))
      throw new TypeError(
        `${place}: the field '${name}' is no string, number, bigint or Buffer. To add a payload as JSON name a field for it: { field: 'data' }.`,
      );
  }
  return new Map(entries as [string, CommandArgument][]);
}

function checkAddOptions(place: string, options: RedisAddOptions): void {
  const fail = (problem: string): never => {
    throw new TypeError(`${place}: ${problem}`);
  };
  if (!isObject(options)) fail('its third argument is an object of options.');
  checkOptions(options, CHECKS, fail);
  if (options.codec !== undefined && options.field === undefined)
    fail("'codec' needs 'field', the one field that it makes. Write { field: 'data', codec: … }.");
}
