import type { Bytes } from './bytes.js';

/** Small enough for V8 to put the bytes beside the object, with no memory of their own to free. */
const ON_HEAP = 64;
/** Longer values get memory of their own: it is no longer the larger part of what they cost. */
const LONGEST_SHARED = 2048;
const SLAB = 8192;

const NO_SLAB = Buffer.alloc(0) as Bytes;

/**
 * Copies values out of a chunk.
 *
 * Up to 64 bytes, and past 2 KiB, a value shares memory with nothing. Those between share slabs of 8 KiB, since memory
 * of its own for each takes up to ten times as long; the whole stretch of the chunk that fits is copied at
 * once, and the values in it are cut from that. Node's own pool would do, were it not 64 KiB since Node 24: the
 * slab is the most that a kept value keeps alive.
 */
export class ByteCutter {
  private slab: Bytes = NO_SLAB;
  private used = 0;
  /** The slab holds `chunk[from..to)`, at the same places less `shift`. */
  private from = 0;
  private to = 0;
  private shift = 0;

  /** Another chunk, or the same with other bytes. */
  reset(): void {
    this.from = 0;
    this.to = 0;
  }

  /** A `Buffer` with `chunk[start..start + length)`; the chunk ends at `end`. */
  cut(chunk: Bytes, start: number, length: number, end: number): Buffer {
    if (length <= ON_HEAP || length > LONGEST_SHARED) return copyBytes(chunk, start, length);
    if (start < this.from || start + length > this.to) this.copyStretch(chunk, start, length, end);
    const at = start - this.shift;
    return this.slab.subarray(at, at + length);
  }

  private copyStretch(chunk: Bytes, start: number, length: number, end: number): void {
    if (length > this.slab.length - this.used) {
      this.slab = Buffer.allocUnsafeSlow(SLAB) as Bytes;
      // handing one value to a worker must not take away the others
      process.getBuiltinModule('node:worker_threads').markAsUntransferable(this.slab.buffer);
      this.used = 0;
    }
    const size = Math.min(end - start, SLAB - this.used);
    chunk.copy(this.slab, this.used, start, start + size);
    this.from = start;
    this.to = start + size;
    this.shift = start - this.used;
    this.used += size;
  }
}

/** A `Buffer` of its own with `b[p..p + n)`. */
export function copyBytes(b: Bytes, p: number, n: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(n);
  if (n <= ON_HEAP) {
    for (let i = 0; i < n; i++) copy[i] = b[p + i];
  } else {
    b.copy(copy, 0, p, p + n);
  }
  return copy;
}
