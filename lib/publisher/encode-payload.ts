import { types } from 'node:util';
import type { RedisPublishOptions } from '../interfaces/index.js';
import { isObject, type OptionCheck } from '../option-checks.js';
import type { EncodedPayload } from './envelope.js';

/** What a payload is encoded by. */
export const anEncoder: OptionCheck = (value) =>
  value === 'json' ||
  value === 'text' ||
  value === 'buffer' ||
  (isObject(value) && typeof (value as { encode?: unknown }).encode === 'function')
    ? undefined
    : "'json', 'text', 'buffer' or an object with an encode(payload) method";

/**
 * Makes the body of a message.
 *
 * @param place what errors name.
 * @throws {TypeError} naming the place, never the value, for a payload that the codec cannot put into bytes. What an own
 *   `encode()` throws is passed on.
 */
export function encodePayload(
  channel: string,
  payload: unknown,
  codec: NonNullable<RedisPublishOptions['codec']>,
  place = `publish() to channel "${channel}"`,
): EncodedPayload {
  const refuse = (problem: string): never => {
    throw new TypeError(`${place}: ${problem}`);
  };
  if (codec === 'json') return { body: toJson(payload, refuse), contentType: 'application/json' };
  if (codec === 'text') {
    if (typeof payload !== 'string') refuse(`codec 'text' takes a string, not ${kindOf(payload)}.`);
    return { body: payload as string, contentType: 'text/plain' };
  }
  if (codec === 'buffer') {
    if (!types.isUint8Array(payload)) refuse(`codec 'buffer' takes a Buffer, not ${kindOf(payload)}.`);
    return { body: toBuffer(payload as Uint8Array), contentType: 'application/octet-stream' };
  }
  const body: unknown = codec.encode(payload);
  if (typeof body === 'string') return { body, contentType: 'text/plain' };
  if (types.isUint8Array(body)) return { body: toBuffer(body), contentType: 'application/octet-stream' };
  return refuse(`encode() of its codec must return a string or a Buffer, not ${kindOf(body)}.`);
}

function toJson(payload: unknown, refuse: (problem: string) => never): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(payload) as string | undefined;
  } catch {
    // no cause: what a toJSON() of the user's throws may say anything
    refuse(
      'the payload cannot be written as JSON: it holds a bigint, itself, or a toJSON() that throws, or it is too deep or too large. ' +
        'Give publish() a codec with an encode() method.',
    );
  }
  return (
    text ??
    refuse(`the payload is ${kindOf(payload)}, which JSON does not know. Publish null to say nothing.`)
  );
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What something is, without its value. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`;
}
