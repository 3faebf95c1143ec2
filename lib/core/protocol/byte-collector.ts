import type { Bytes } from './bytes.js';

/** What is taken at once for a value of which little has come, whatever length was announced. */
const FIRST_STEP = 1 << 20;

/**
 * Bytes that come in several chunks, put straight into one buffer. An announced length alone must not cost memory, so
 * past the first MiB it doubles as bytes come, never beyond the limit: a value of known length ends up with a buffer of
 * exactly its size.
 */
export class ByteCollector {
  bytes: Bytes;
  length = 0;

  constructor(
    expected: number,
    private readonly limit: number,
  ) {
    this.bytes = Buffer.allocUnsafeSlow(Math.min(expected, FIRST_STEP)) as Bytes;
  }

  /** Takes a copy of `chunk[from..to)`. The caller has seen to it that the limit is kept. */
  append(chunk: Bytes, from: number, to: number): void {
    const size = this.length + to - from;
    if (size > this.bytes.length) this.grow(size);
    chunk.copy(this.bytes, this.length, from, to);
    this.length = size;
  }

  private grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(
      Math.min(this.limit, Math.max(size, this.bytes.length * 2)),
    ) as Bytes;
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
