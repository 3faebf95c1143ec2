import { isAscii } from 'node:buffer';
import { AggregateStack, NESTED } from './aggregate-stack.js';
import { ByteCutter, copyBytes } from './byte-cutter.js';
import { ByteCollector } from './byte-collector.js';
import type { Bytes } from './bytes.js';
import { type Decoder, type DecoderLimits, MalformedReplyError, type ReplySink } from './decoder.js';
import { keyCache } from './key-cache.js';
import {
  EXACT_DIGITS,
  findLineEnd,
  INCOMPLETE,
  LineReader,
  MAX_LONG_LINE,
  NULL_LENGTH,
  STREAMED_LENGTH,
} from './line-reader.js';
import { parseBigNumber } from './numbers.js';
import { type OpenAggregate, PUSH } from './open-aggregate.js';
import { PartialLine } from './partial-line.js';
import { ReplyError } from './reply.js';
import { SHORT_TEXT, shortAscii } from './short-ascii.js';
import { decodeText } from './text.js';
import {
  malformed,
  T_ARRAY,
  T_ATTRIBUTE,
  T_BIG_NUMBER,
  T_BLOB_ERROR,
  T_BOOLEAN,
  T_DOUBLE,
  T_END,
  T_ERROR,
  T_MAP,
  T_NULL,
  T_PART,
  T_PUSH,
  T_SET,
  T_VERBATIM,
} from './tokens.js';

// The loop's own: an imported constant is read from memory each time.
const CR = 0x0d;
const LF = 0x0a;
const T_BULK = 0x24;
const T_SIMPLE = 0x2b;
const T_INTEGER = 0x3a;
const COLON = 0x3a;

/** So many decimal digits fit into 32 bits, and so does the longest string. */
const INT_DIGITS = 9;
/** Of a smaller chunk the values are looked at for non-ASCII bytes one by one, of a larger one all bytes at once. */
const ASCII_CHECK = 256;
/** V8 copies a piece of a string that is no longer than this; a longer one would keep the whole string alive. */
const COPIED_PIECE = 12;
/** Elements of lists up to this are pieces of a span: of a longer one, a string of its own costs little more. */
const SPAN_PIECE = 128;
/** Bytes of a span: the most that an element which is kept keeps alive. */
const SPAN = 512;
/** Of a shorter list each element is a string of its own. */
const SPAN_LIST = 8;
/** The first elements of a push: its kind, and a channel or pattern. */
const PUSH_NAMES = 2;
/** The largest chunk that is made one string for the sake of its pieces. */
const MAX_WHOLE = 1 << 20;

/**
 * RESP2 and RESP3 in one, for RESP3 only adds types. It goes over the bytes once and without recursion: each turn of
 * the loop in `decode` takes one token, a scalar or the head of an aggregate. What was begun is kept between chunks:
 *
 * - aggregates that are not full stay open on `stack`, so no element is decoded twice;
 * - a line that the chunk cuts is put together in `line`;
 * - a bulk string that the chunk cuts is collected in `body`, one that comes in parts in `parts`.
 *
 * Each top-level reply asks `sink.wantsBuffers()` exactly once, errors too; attributes and pushes do not. Pushes are
 * taken at top level only, as the protocol has it.
 *
 * Any exception out of {@link write} ends the decoder, also one of the sink's own (it should throw none): what is left of
 * the chunk is lost then, so whatever came next could be paired with the wrong command.
 */
export class RespDecoder implements Decoder {
  /** The longest line of a simple string, in bytes. A monitor's are as long as the commands that they show. */
  longestLine = MAX_LONG_LINE;
  private readonly limits: DecoderLimits;
  private readonly stack: AggregateStack;
  private readonly lines = new LineReader();
  /** Set while at work, and left set by an exception. */
  private busy = false;
  /** Does the reply or push at hand hold bytes instead of text? */
  private buffers = false;

  private readonly line = new PartialLine();
  private body: ByteCollector | null = null;
  private bodyType = T_BULK;
  /** Bytes of the body still to come, and its CRLF. */
  private bodyLeft = 0;
  private parts: ByteCollector | null = null;

  private readonly cutter = new ByteCutter();
  /** Where the chunk at hand ends. */
  private end = 0;
  /** Are all bytes of the chunk at hand ASCII? `null` before the first text asks. */
  private ascii: boolean | null = false;
  /** All of the chunk at hand, once a short text was met. */
  private whole = '';
  /** The text of `chunk[spanStart..spanEnd)`, of which a list's elements are cut. */
  private span = '';
  private spanStart = 0;
  private spanEnd = 0;

  constructor(
    private readonly sink: ReplySink,
    { maxDepth = 128, maxBulkLength = 2 ** 29, maxAggregateLength = 2 ** 27 }: Partial<DecoderLimits> = {},
  ) {
    this.limits = { maxDepth, maxBulkLength, maxAggregateLength };
    this.stack = new AggregateStack(sink, this.limits);
  }

  write(chunk: Buffer, length: number): void {
    if (this.busy) throw new MalformedReplyError('the decoder stopped at an earlier error');
    this.busy = true;
    const { line } = this;
    let offset = 0;
    if (line.length > 0) {
      offset = line.add(chunk as Bytes, length, this.longestLine);
      if (line.hasEnded()) {
        const size = line.length;
        line.length = 0;
        this.decode(line.bytes, 0, size);
        line.shrink();
      }
    }
    this.decode(chunk as Bytes, offset, length);
    this.busy = false;
  }

  private decode(chunk: Bytes, from: number, end: number): void {
    const { cutter, sink, stack } = this;
    const { maxBulkLength } = this.limits;
    let offset = from;
    this.end = end;
    cutter.reset();
    this.ascii = end - from < ASCII_CHECK ? false : null;
    if (this.body !== null) offset = this.resumeBody(chunk, offset, end);
    if (this.parts !== null) offset = this.readParts(chunk, offset, end);

    let { top } = stack;
    while (offset < end) {
      const type = chunk[offset];
      // Strings and integers that are all here are taken at once, anything else in readOther().
      if (type === T_BULK || type === T_INTEGER) {
        let at = offset + 1;
        let number = 0;
        while (at < end) {
          const digit = (chunk[at] - 0x30) >>> 0;
          if (digit > 9) break;
          number = (number * 10 + digit) | 0;
          at++;
        }
        const digits = at - offset - 1;
        if (
          digits > 0 &&
          digits <= EXACT_DIGITS &&
          at + 1 < end &&
          chunk[at] === CR &&
          chunk[at + 1] === LF
        ) {
          const start = at + 2;
          if (type === T_INTEGER) {
            const value = digits <= INT_DIGITS ? number : longInteger(chunk, offset + 1, at);
            offset = start;
            if (top === null) {
              sink.wantsBuffers();
              sink.onReply(value);
              continue;
            }
            if (top.isList) {
              top.items.push(value);
              top.remaining--;
            } else {
              top.add(value);
            }
            if (top.remaining === 0) {
              stack.closeFull();
              top = stack.top;
            }
            continue;
          }
          const close = start + number;
          if (digits <= INT_DIGITS && close + 2 <= end && number <= maxBulkLength) {
            if (chunk[close] !== CR || chunk[close + 1] !== LF)
              throw malformed('no CRLF after a string', type);
            offset = close + 2;
            if (top === null) {
              sink.onReply(
                sink.wantsBuffers() ? cutter.cut(chunk, start, number, end) : this.text(chunk, start, number),
              );
              continue;
            }
            if (top.isList) {
              top.items.push(
                this.buffers ? cutter.cut(chunk, start, number, end) : this.listed(chunk, start, number, top),
              );
              top.remaining--;
            } else if (top.atKey) {
              const key = keyCache.get(chunk, start, number);
              if (key === null) top.add(this.text(chunk, start, number));
              else top.addCachedKey(key);
            } else {
              top.add(this.buffers ? cutter.cut(chunk, start, number, end) : this.text(chunk, start, number));
            }
            if (top.remaining === 0) {
              stack.closeFull();
              top = stack.top;
            }
            continue;
          }
        }
      }
      if (isNullString(chunk, offset, end)) {
        if (top === null) sink.wantsBuffers();
        stack.add(null);
        offset += 5;
      } else if (isOk(chunk, offset, end)) {
        if (top === null) this.buffers = sink.wantsBuffers();
        stack.add(this.wantsText() ? 'OK' : Buffer.from('OK'));
        offset += 5;
      } else {
        offset = this.readOther(type, chunk, offset, end);
      }
      top = stack.top;
    }
    this.whole = '';
    this.span = '';
    this.spanEnd = 0;
  }

  // Each of the methods below returns where the next token is: `end`, where the chunk cuts this one.

  private readOther(type: number, chunk: Bytes, offset: number, end: number): number {
    const { lines, sink, stack } = this;
    const { top } = stack;
    switch (type) {
      case T_SIMPLE: {
        const close = findLineEnd(chunk, offset, end, this.longestLine);
        if (close === INCOMPLETE) return this.keepLine(chunk, offset, end);
        if (top === null) this.buffers = sink.wantsBuffers();
        const start = offset + 1;
        const size = close - start;
        if (!this.wantsText()) stack.add(copyBytes(chunk, start, size));
        else stack.add(this.text(chunk, start, size));
        return close + 2;
      }
      case T_ARRAY:
      case T_MAP:
      case T_SET:
      case T_PUSH:
      case T_ATTRIBUTE: {
        const length = lines.length(chunk, offset, end);
        if (length === INCOMPLETE) return this.keepLine(chunk, offset, end);
        const { next } = lines;
        if (top === null) this.buffers = this.wantsAggregateBuffers(type);
        if (length === NULL_LENGTH) {
          stack.add(null);
          return next;
        }
        const count = length === STREAMED_LENGTH ? null : length;
        if (type === T_MAP && stack.place !== NESTED && sink.wantsPairs(stack.place))
          stack.open(T_ARRAY, count === null ? null : count * 2);
        else stack.open(type, count);
        return next;
      }
      case T_BULK: {
        const length = lines.length(chunk, offset, end);
        if (length === INCOMPLETE) return this.keepLine(chunk, offset, end);
        const { next } = lines;
        if (top === null) this.buffers = sink.wantsBuffers();
        if (length === NULL_LENGTH) {
          stack.add(null);
          return next;
        }
        if (length >= 0) return this.startBody(type, length, chunk, next, end);
        this.parts = new ByteCollector(64, this.limits.maxBulkLength, false);
        return this.readParts(chunk, next, end);
      }
      case T_INTEGER:
      case T_DOUBLE: {
        const value =
          type === T_DOUBLE ? lines.double(chunk, offset, end) : lines.integer(chunk, offset, end);
        if (value === null) return this.keepLine(chunk, offset, end);
        const { next } = lines;
        if (top === null) sink.wantsBuffers();
        stack.add(value);
        return next;
      }
      case T_ERROR: {
        const close = findLineEnd(chunk, offset, end);
        if (close === INCOMPLETE) return this.keepLine(chunk, offset, end);
        if (top === null) sink.wantsBuffers();
        this.addError(this.text(chunk, offset + 1, close - offset - 1));
        return close + 2;
      }
      case T_VERBATIM:
      case T_BLOB_ERROR: {
        const length = lines.length(chunk, offset, end);
        if (length === INCOMPLETE) return this.keepLine(chunk, offset, end);
        if (type === T_VERBATIM && length < 4) throw malformed('no format', type);
        if (top === null) this.buffers = sink.wantsBuffers();
        return this.startBody(type, length, chunk, lines.next, end);
      }
      case T_NULL:
      case T_BOOLEAN:
      case T_BIG_NUMBER:
      case T_END: {
        const content = lines.content(chunk, offset, end);
        if (content === null) return this.keepLine(chunk, offset, end);
        const { next } = lines;
        if (top === null && type !== T_END) sink.wantsBuffers();
        if (type === T_BIG_NUMBER) stack.add(parseBigNumber(content));
        else if (type === T_BOOLEAN && (content === 't' || content === 'f')) stack.add(content === 't');
        else if (type === T_NULL && content === '') stack.add(null);
        else if (type === T_END && content === '') stack.closeStreamed();
        else throw malformed('unexpected content', type);
        return next;
      }
      default:
        throw malformed('no reply begins like this', type);
    }
  }

  /** `;4` and four bytes, again and again until `;0`. Nothing else may come between. */
  private readParts(chunk: Bytes, from: number, end: number): number {
    let offset = from;
    while (this.parts !== null && offset < end) {
      const { parts } = this;
      const type = chunk[offset];
      if (type !== T_PART) throw malformed('a string in parts is interrupted', type);
      const length = this.lines.length(chunk, offset, end);
      if (length === INCOMPLETE) return this.keepLine(chunk, offset, end);
      if (length === 0) {
        offset = this.lines.next;
        this.parts = null;
        const { bytes, length: size } = parts;
        this.stack.add(this.wantsText() ? decodeText(bytes, 0, size) : copyBytes(bytes, 0, size));
      } else {
        if (length > this.limits.maxBulkLength - parts.length)
          throw malformed('a string beyond maxBulkLength', type);
        this.body = parts;
        this.bodyType = T_PART;
        this.bodyLeft = length + 2;
        offset = this.resumeBody(chunk, this.lines.next, end);
      }
    }
    return offset;
  }

  private keepLine(chunk: Bytes, offset: number, end: number): number {
    this.line.keep(chunk, offset, end);
    return end;
  }

  private startBody(type: number, length: number, chunk: Bytes, offset: number, end: number): number {
    if (length > this.limits.maxBulkLength) throw malformed('a string beyond maxBulkLength', type);
    this.body = new ByteCollector(length, length, type !== T_BULK || this.wantsText());
    this.bodyType = type;
    this.bodyLeft = length + 2;
    return this.resumeBody(chunk, offset, end);
  }

  /** Takes from the chunk what belongs to the body; delivers that when it is complete. */
  private resumeBody(chunk: Bytes, from: number, end: number): number {
    const body = this.body as ByteCollector;
    let offset = from;
    if (this.bodyLeft > 2) {
      const count = Math.min(this.bodyLeft - 2, end - offset);
      body.append(chunk, offset, offset + count);
      offset += count;
      this.bodyLeft -= count;
    }
    while (this.bodyLeft <= 2 && this.bodyLeft > 0 && offset < end) {
      if (chunk[offset] !== (this.bodyLeft === 2 ? CR : LF))
        throw malformed('no CRLF after a string', this.bodyType);
      offset++;
      this.bodyLeft--;
    }
    if (this.bodyLeft === 0) {
      this.body = null;
      // a part is where it belongs already
      if (this.bodyType !== T_PART) this.addBody(body);
    }
    return offset;
  }

  private addBody(body: ByteCollector): void {
    const { bytes, length } = body;
    if (this.bodyType === T_BULK && !this.wantsText()) {
      this.stack.add(bytes);
      return;
    }
    // before the verbatim string there are three characters of format and a colon
    const start = this.bodyType === T_VERBATIM ? 4 : 0;
    if (start > 0 && bytes[3] !== COLON) throw malformed('no format', T_VERBATIM);
    const asText = this.bodyType === T_BLOB_ERROR || this.wantsText();
    const value = asText ? decodeText(bytes, start, length - start) : copyBytes(bytes, start, length - start);
    body.release();
    if (this.bodyType === T_BLOB_ERROR) this.addError(value as string);
    else this.stack.add(value);
  }

  private addError(message: string): void {
    if (this.stack.top === null) this.sink.onError(message);
    else this.stack.add(new ReplyError(message));
  }

  /** Asks about a top-level aggregate. An attribute is dropped, whatever is in it. */
  private wantsAggregateBuffers(type: number): boolean {
    if (type === T_ATTRIBUTE) return false;
    return type === T_PUSH ? this.sink.wantsPushBuffers() : this.sink.wantsBuffers();
  }

  private wantsText(): boolean {
    return !this.buffers || (this.stack.top !== null && this.stack.top.atKey);
  }

  /**
   * The text of a list's element. A list is mostly kept or dropped as a whole: its elements share spans of
   * {@link SPAN} bytes, at less than half the price of a string of its own for each. A message's kind and channel come
   * over and over: the receiver looks them up, which a string that was hashed before makes cheap.
   */
  private listed(chunk: Bytes, start: number, length: number, list: OpenAggregate): string {
    if (list.kind === PUSH && list.items.length < PUSH_NAMES) {
      const name = keyCache.get(chunk, start, length);
      if (name !== null) return name;
    }
    if (start + length > this.spanEnd || length <= COPIED_PIECE || length > SPAN_PIECE) {
      if (this.ascii !== true || length <= COPIED_PIECE || length > SPAN_PIECE || list.remaining < SPAN_LIST)
        return this.text(chunk, start, length);
      this.spanStart = start;
      this.spanEnd = Math.min(start + SPAN, this.end);
      this.span = chunk.latin1Slice(start, this.spanEnd);
    }
    const at = start - this.spanStart;
    return this.span.substring(at, at + length);
  }

  /**
   * Text from the chunk at hand, as a string of its own: one that shared the characters of a longer string would keep
   * all of that alive. Calls into C++ are what costs here, so short texts do without.
   */
  private text(chunk: Bytes, start: number, length: number): string {
    if (this.ascii === true) {
      if (length <= COPIED_PIECE && this.end <= MAX_WHOLE) {
        if (this.whole === '') this.whole = chunk.latin1Slice(0, this.end);
        return this.whole.substring(start, start + length);
      }
      if (length <= SHORT_TEXT) return shortAscii(chunk, start, length);
      return chunk.latin1Slice(start, start + length);
    }
    if (this.ascii === false) return decodeText(chunk, start, length);
    this.ascii = isAscii(chunk.subarray(start, this.end));
    return this.text(chunk, start, length);
  }
}

/** The 10 to 15 digits at `chunk[from..to)`, put together from two numbers of 32 bits: a timestamp or an id. */
function longInteger(chunk: Bytes, from: number, to: number): number {
  const middle = to - INT_DIGITS;
  let high = 0;
  let low = 0;
  for (let at = from; at < middle; at++) high = (high * 10 + chunk[at] - 0x30) | 0;
  for (let at = middle; at < to; at++) low = (low * 10 + chunk[at] - 0x30) | 0;
  return high * 1e9 + low;
}

/** `$-1`, whole: a key that is not there. */
function isNullString(chunk: Bytes, at: number, end: number): boolean {
  return (
    at + 4 < end &&
    chunk[at] === T_BULK &&
    chunk[at + 1] === 0x2d &&
    chunk[at + 2] === 0x31 &&
    chunk[at + 3] === CR &&
    chunk[at + 4] === LF
  );
}

/** `+OK`, whole: the reply to most writes. */
function isOk(chunk: Bytes, at: number, end: number): boolean {
  return (
    at + 4 < end &&
    chunk[at] === T_SIMPLE &&
    chunk[at + 1] === 0x4f &&
    chunk[at + 2] === 0x4b &&
    chunk[at + 3] === CR &&
    chunk[at + 4] === LF
  );
}
