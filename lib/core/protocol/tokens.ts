import { MalformedReplyError } from './decoder.js';

export const CR = 0x0d;
export const LF = 0x0a;

// The first byte of a token.
export const T_BLOB_ERROR = 0x21; // !
export const T_BOOLEAN = 0x23; // #
export const T_BULK = 0x24; // $
export const T_MAP = 0x25; // %
export const T_BIG_NUMBER = 0x28; // (
export const T_ARRAY = 0x2a; // *
export const T_SIMPLE = 0x2b; // +
export const T_DOUBLE = 0x2c; // ,
export const T_ERROR = 0x2d; // -
export const T_END = 0x2e; // .
export const T_INTEGER = 0x3a; // :
export const T_PART = 0x3b; // ;
export const T_VERBATIM = 0x3d; // =
export const T_PUSH = 0x3e; // >
export const T_NULL = 0x5f; // _
export const T_ATTRIBUTE = 0x7c; // |
export const T_SET = 0x7e; // ~

/** Names the type, and nothing of what it holds: that may be a secret, and messages end up in logs. */
export function malformed(what: string, type: number): MalformedReplyError {
  return new MalformedReplyError(`${what} (type byte 0x${type.toString(16).padStart(2, '0')})`);
}
