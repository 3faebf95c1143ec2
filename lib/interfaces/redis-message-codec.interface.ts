/** Makes a handler's payload of the bytes that were published. */
export interface RedisMessageCodec {
  /** What it throws is treated as the handler's error. */
  decode(data: Buffer): unknown;
}
