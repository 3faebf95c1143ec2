/** Makes what is published of a payload: the other side of a {@link RedisMessageCodec}, and often the same object. */
export interface RedisMessageEncoder {
  /** Text or bytes. What it throws is what `publish()` rejects with. */
  encode(payload: unknown): string | Buffer;
}
