import type { Bytes } from './bytes.js';

/** What is taken at once for a value of which little has come, whatever length was announced. */
const FIRST_STEP = 1 << 20;
/** Below this, memory of the size that is needed costs less than it is worth to share one. */
const SHARED_FROM = 4096;

/** One buffer of {@link FIRST_STEP} that waits to be used again, for all decoders of the process. */
let spare: Bytes | null = null;

/**
 * Bytes that come in several chunks, put straight into one buffer. An announced length alone must not cost memory, so
 * past the first MiB it doubles as bytes come, never beyond the limit.
 *
 * Bytes that will be handed out end up in a buffer of exactly their size, if that was known. Those that
 * will only be decoded (`temporary`) go into a buffer that is used again: asking the system for a fresh one, and
 * touching it for the first time, takes longer than to copy what comes into it.
 */
export class ByteCollector {
  bytes: Bytes;
  length = 0;

  constructor(
    expected: number,
    private readonly limit: number,
    private readonly temporary: boolean,
  ) {
    if (temporary && expected >= SHARED_FROM) {
      this.bytes = spare ?? (Buffer.allocUnsafeSlow(FIRST_STEP) as Bytes);
      spare = null;
    } else {
      this.bytes = Buffer.allocUnsafeSlow(Math.min(expected, FIRST_STEP)) as Bytes;
    }
  }

  /** Takes a copy of `chunk[from..to)`. The caller has seen to it that the limit is kept. */
  append(chunk: Bytes, from: number, to: number): void {
    const size = this.length + to - from;
    if (size > this.bytes.length) this.grow(size);
    chunk.copy(this.bytes, this.length, from, to);
    this.length = size;
  }

  /** The temporary bytes were decoded: nobody looks at them any more. */
  release(): void {
    if (this.temporary && this.bytes.length === FIRST_STEP) spare = this.bytes;
  }

  private grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(
      Math.min(this.limit, Math.max(size, this.bytes.length * 2)),
    ) as Bytes;
    this.bytes.copy(grown, 0, 0, this.length);
    this.release();
    this.bytes = grown;
  }
}
