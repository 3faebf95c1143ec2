import type { RedisMessageCodec } from '../interfaces/index.js';

/** The codecs that a handler names by a word. */
export const BUILT_IN_CODECS: Record<'json' | 'text' | 'buffer', RedisMessageCodec> = {
  json: { decode: decodeJson },
  text: { decode: (data) => data.toString() },
  buffer: { decode: (data) => data },
};

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
