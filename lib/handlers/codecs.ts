import type { RedisMessageCodec } from '../interfaces/index.js';

/** The codecs that a handler names by a word. */
export const BUILT_IN_CODECS: Record<'json' | 'text' | 'buffer', RedisMessageCodec> = {
  json: { decode: decodeJson },
  text: { decode: (data) => data.toString() },
  buffer: { decode: (data) => data },
};

/** True for what a handler may name as its codec: one of {@link BUILT_IN_CODECS} by its word, or one of the user's. */
export function isCodec(value: unknown): value is keyof typeof BUILT_IN_CODECS | RedisMessageCodec {
  if (typeof value === 'string') return Object.hasOwn(BUILT_IN_CODECS, value);
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<RedisMessageCodec>).decode === 'function'
  );
}

function decodeJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch (cause) {
    // the parser's own message quotes the text, which may hold what must not be logged
    throw new SyntaxError(
      "the message is not JSON. Publish JSON.stringify(…), or give the handler codec: 'text' or 'buffer'.",
      {
        cause: withoutQuotation(cause),
      },
    );
  }
}

function withoutQuotation(cause: unknown): Error {
  const position = /at position \d+/.exec(cause instanceof Error ? cause.message : '');
  return new SyntaxError(`Unexpected text${position === null ? '' : ` ${position[0]}`}`);
}
