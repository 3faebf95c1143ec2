import type { Bytes } from './bytes.js';
import { MAX_SHORT_LINE, maxLine } from './line-reader.js';
import { CR, LF, malformed } from './tokens.js';

const NO_BYTES = Buffer.alloc(0) as Bytes;

/** A line of which the chunk had only the beginning. */
export class PartialLine {
  bytes: Bytes = NO_BYTES;
  length = 0;

  /** Keeps `chunk[offset..end)`, the beginning of a line. */
  keep(chunk: Bytes, offset: number, end: number): void {
    const size = end - offset;
    if (this.bytes.length < size)
      this.bytes = Buffer.allocUnsafeSlow(Math.max(MAX_SHORT_LINE * 2, size)) as Bytes;
    chunk.copy(this.bytes, 0, offset, end);
    this.length = size;
  }

  /**
   * Adds what `chunk[0..end)` has of the line. Whether that was all of it, {@link hasEnded} says.
   * Only the new bytes are looked at, so a long line in small pieces costs no more than in one.
   */
  add(chunk: Bytes, end: number, longest: number): number {
    const offset = this.bytes[this.length - 1] === CR ? Math.min(1, end) : endIn(chunk, end);
    this.append(chunk, offset);
    if (this.size() > maxLine(this.bytes[0], longest))
      throw malformed('a line without an end', this.bytes[0]);
    return offset;
  }

  /** Without what ends it. */
  private size(): number {
    if (this.hasEnded()) return this.length - 2;
    return this.bytes[this.length - 1] === CR ? this.length - 1 : this.length;
  }

  private append(chunk: Bytes, size: number): void {
    const length = this.length + size;
    // a long line doubles, so that one in many pieces is not copied for each of them
    if (length > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes], Math.max(this.length * 2, length)) as Bytes;
    chunk.copy(this.bytes, this.length, 0, size);
    this.length = length;
  }

  /** LF ends a line. Whatever else follows a CR breaks the protocol, so it ends the waiting too. */
  hasEnded(): boolean {
    return this.bytes[this.length - 1] === LF || this.bytes[this.length - 2] === CR;
  }

  /** After the line was decoded: a long line is an exception, and its memory is not kept for the next. */
  shrink(): void {
    if (this.bytes.length > 1024) this.bytes = NO_BYTES;
  }
}

/** How much of `chunk[0..end)` belongs to the line: all, or what goes as far as LF, or as the byte after a CR. */
function endIn(chunk: Bytes, end: number): number {
  for (let at = 0; at < end; at++) {
    if (chunk[at] === LF) return at + 1;
    if (chunk[at] === CR) return Math.min(at + 2, end);
  }
  return end;
}
