const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
/** Types that a string of announced length follows: `$`, `!`, `=`. */
const LENGTHY = new Set([0x24, 0x21, 0x3d]);
/** Types of aggregates: `*`, `%`, `~`, `>`. */
const COUNTING = new Set([0x2a, 0x25, 0x7e, 0x3e]);

/** What a byte of a stream of replies is: the first of a reply, a digit of a length or count, part of a line end, or content. */
export type Part = 'type' | 'length' | 'end' | 'content';

/**
 * Tells framing from content in a stream of well-formed replies, byte by byte. Written apart from the client's decoder
 * on purpose: what breaks that one must not hide behind it.
 */
export class ReplyFraming {
  private type = 0;
  /** Between `type` and the CR of its line. */
  private inLine = false;
  private length = 0;
  private negative = false;
  /** Bytes of a string still to come, its CRLF included; 0 outside of one. */
  private left = 0;

  /** What the next byte is; takes it. */
  take(byte: number): Part {
    if (this.left > 0) return this.left-- <= 2 ? 'end' : 'content';
    if (this.type === 0) {
      this.type = byte;
      this.inLine = true;
      this.length = 0;
      this.negative = false;
      return 'type';
    }
    if (byte === CR) {
      this.inLine = false;
      return 'end';
    }
    if (byte === LF && !this.inLine) {
      if (LENGTHY.has(this.type) && !this.negative) this.left = this.length + 2;
      this.type = 0;
      return 'end';
    }
    if (!LENGTHY.has(this.type) && !COUNTING.has(this.type)) return 'content';
    if (byte === MINUS) this.negative = true;
    else this.length = this.length * 10 + (byte - 0x30);
    return 'length';
  }

  /** Takes as many of `bytes[from..to)` as are content for certain; for speed. Gives where to go on. */
  skipContent(from: number, to: number): number {
    // not by Math: under Jest it is looked up in a sandbox, and this is called for each byte that is not content
    const content = this.left > 2 ? this.left - 2 : 0;
    const count = content < to - from ? content : to - from;
    this.left -= count;
    return from + count;
  }
}

/** The byte in whose place no reply can be read any more; undefined where a change might be read as another content. */
export function garbled(part: Part): number | undefined {
  switch (part) {
    case 'type':
      return 0x41; // no reply begins with an A
    case 'length':
      return 0x78; // x is no digit
    case 'end':
      return 0x58; // X is neither CR nor LF
    default:
      return undefined;
  }
}
