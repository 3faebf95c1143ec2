import { BUILT_IN_CODECS } from '../handlers/codecs.js';
import type { RedisMessageCodec } from '../interfaces/index.js';
import type { OpenedEnvelope } from '../publisher/envelope.js';

/** The payload of a message: by the codec, of what the envelope holds, where there is one. */
export function decodeMessage(
  codec: RedisMessageCodec,
  data: Buffer,
  envelope: OpenedEnvelope | undefined,
): unknown {
  if (envelope === undefined) return codec.decode(data);
  if (codec === BUILT_IN_CODECS.json && envelope.json !== undefined) return envelope.json.value;
  return codec.decode(envelope.body());
}
