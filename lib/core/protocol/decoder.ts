import type { Reply } from './reply.js';

/** Where a decoder delivers. Called synchronously, in wire order, from {@link Decoder.write}. */
export interface ReplySink {
  /** Asked before each top-level reply is decoded: does its receiver want bytes (`Buffer`) instead of text? */
  wantsBuffers(): boolean;
  /**
   * Asked before a map is decoded that is a reply by itself, or an element of a list that is one (EXEC): is it wanted as a flat
   * list, key, value, key, value?
   *
   * @param place in that list; -1 where it is the reply itself.
   */
  wantsPairs(place: number): boolean;
  /** Asked before each RESP3 push is decoded. */
  wantsPushBuffers(): boolean;
  /** A top-level reply that is no error. */
  onReply(reply: Reply): void;
  /** A top-level error reply, as the server worded it: `WRONGTYPE Operation against …`. */
  onError(message: string): void;
  /** A RESP3 push (`>`): its first element names the kind. */
  onPush(items: Reply[]): void;
}

/** Bounds on what a server may make this process hold. Breaking one is a `MalformedReplyError`. */
export interface DecoderLimits {
  /** Aggregates inside aggregates. Default 128. */
  maxDepth: number;
  /** Bytes of one bulk string. Default 512 MiB, as `proto-max-bulk-len` of the servers. */
  maxBulkLength: number;
  /** Elements of one aggregate. Default 2^27. */
  maxAggregateLength: number;
}

/** Bytes in, replies out: fed in chunks cut anywhere. */
export interface Decoder {
  /**
   * Takes `chunk[0..length)`. The chunk may be overwritten after this returns: nothing of it is kept by reference.
   *
   * @throws {MalformedReplyError} where the bytes are no reply; the decoder must not be used again.
   */
  write(chunk: Buffer, length: number): void;
}

/** The bytes break the protocol. Known to this folder only; the connection turns it into a `RedisProtocolError`. */
export class MalformedReplyError extends Error {
  override readonly name = 'MalformedReplyError';
}
