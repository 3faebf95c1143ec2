import { isAscii } from 'node:buffer';
import { ByteCollector } from './byte-collector.js';
import type { Bytes } from './bytes.js';
import { type Decoder, type DecoderLimits, MalformedReplyError, type ReplySink } from './decoder.js';
import { keyCache } from './key-cache.js';
import { parseBigNumber, parseDouble, parseInteger } from './numbers.js';
import { type AggregateKind, ATTRIBUTE, LIST, MAP, OpenAggregate, PUSH } from './open-aggregate.js';
import { type Reply, ReplyError } from './reply.js';
import { copyBytes, decodeAscii, decodeText } from './text.js';

const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
const COLON = 0x3a;

// the first byte of a token
const T_BLOB_ERROR = 0x21; // !
const T_BOOLEAN = 0x23; // #
const T_BULK = 0x24; // $
const T_MAP = 0x25; // %
const T_BIG_NUMBER = 0x28; // (
const T_ARRAY = 0x2a; // *
const T_SIMPLE = 0x2b; // +
const T_DOUBLE = 0x2c; // ,
const T_ERROR = 0x2d; // -
const T_END = 0x2e; // .
const T_INTEGER = 0x3a; // :
const T_PART = 0x3b; // ;
const T_VERBATIM = 0x3d; // =
const T_PUSH = 0x3e; // >
const T_NULL = 0x5f; // _
const T_ATTRIBUTE = 0x7c; // |
const T_SET = 0x7e; // ~

/** The longest line of a length, an integer, a boolean or a null: its type and what follows, without CRLF. */
const MAX_SHORT_LINE = 32;
/** The longest line of a simple string, an error, a double or a big number. Servers send what is long as bulk strings. */
const MAX_LONG_LINE = 64 * 1024;

// what the read methods say besides a length or a place
const INCOMPLETE = -1;
const NULL_LENGTH = -2;
const STREAMED_LENGTH = -3;

/** So many decimal digits are an exact `number`, whatever they are. */
const EXACT_DIGITS = 15;

/** Of a smaller chunk the values are looked at for non-ASCII bytes one by one, of a larger one all bytes at once. */
const ASCII_CHECK = 256;

const DEFAULT_LIMITS: DecoderLimits = { maxDepth: 128, maxBulkLength: 2 ** 29, maxAggregateLength: 2 ** 27 };

/**
 * RESP2 and RESP3 in one, for RESP3 only adds types. It goes over the bytes once and without recursion: each turn of
 * the loop in `decode` takes one token, a scalar or the head of an aggregate. What was begun is kept between chunks:
 *
 * - aggregates that were opened and are not full are on `stack`, so no element is decoded twice;
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
  private readonly limits: DecoderLimits;
  /** Set while at work, and left set by an exception. */
  private busy = false;

  /** `stack[0..depth)` are open, the rest are there to be used again. */
  private readonly stack: OpenAggregate[] = [];
  private depth = 0;
  /** The innermost open aggregate; `null` between top-level values. */
  private top: OpenAggregate | null = null;
  /** Does the reply or push at hand hold bytes instead of text? */
  private buffers = false;

  private line: Bytes | null = null;
  private lineLength = 0;

  private body: ByteCollector | null = null;
  private bodyType = T_BULK;
  /** Bytes of the body still to come, and its CRLF. */
  private bodyLeft = 0;
  private parts: ByteCollector | null = null;

  /** Are all the bytes of this chunk ASCII? `null` before the first text asks. */
  private ascii: boolean | null = false;
  private end = 0;
  /** Where the read method that was called last stopped. */
  private next = 0;

  constructor(
    private readonly sink: ReplySink,
    limits?: Partial<DecoderLimits>,
  ) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
  }

  write(chunk: Buffer, length: number): void {
    if (this.busy) throw new MalformedReplyError('the decoder stopped at an earlier error');
    this.busy = true;
    const from = this.lineLength > 0 ? this.resumeLine(chunk as Bytes, length) : 0;
    this.decode(chunk as Bytes, from, length);
    this.busy = false;
  }

  private decode(chunk: Bytes, from: number, end: number): void {
    const sink = this.sink;
    const maxBulkLength = this.limits.maxBulkLength;
    let offset = from;
    this.ascii = end - from < ASCII_CHECK ? false : null;
    this.end = end;
    if (this.body !== null) offset = this.resumeBody(chunk, offset, end);
    if (this.parts !== null) offset = this.readParts(chunk, offset, end);

    while (offset < end) {
      const top = this.top;
      const type = chunk[offset];
      if (type === T_BULK) {
        const length = this.readLength(chunk, offset, end);
        if (length < 0) {
          offset = this.readOddBulk(length, chunk, offset, end);
          continue;
        }
        if (length > maxBulkLength) throw malformed('a string beyond maxBulkLength', type);
        if (top === null) this.buffers = sink.wantsBuffers();
        const start = this.next;
        const close = start + length;
        if (close + 2 > end) {
          offset = this.startBody(T_BULK, length, chunk, start, end);
          continue;
        }
        if (chunk[close] !== CR || chunk[close + 1] !== LF) throw malformed('no CRLF after a string', type);
        offset = close + 2;
        if (top === null) {
          sink.onReply(this.buffers ? copyBytes(chunk, start, length) : this.text(chunk, start, length));
        } else {
          if (top.atKey) {
            const key = keyCache.get(chunk, start, length);
            if (key === null) top.add(this.text(chunk, start, length));
            else top.addCachedKey(key);
          } else {
            top.add(this.buffers ? copyBytes(chunk, start, length) : this.text(chunk, start, length));
          }
          if (top.remaining === 0) this.closeFull();
        }
      } else if (type === T_INTEGER) {
        const value = this.readInteger(chunk, offset, end);
        if (value === null) {
          offset = this.keepLine(chunk, offset, end);
          continue;
        }
        offset = this.next;
        if (top === null) sink.wantsBuffers();
        this.deliver(value);
      } else if (type === T_SIMPLE) {
        const close = this.findLineEnd(chunk, offset, end, MAX_LONG_LINE);
        if (close === INCOMPLETE) {
          offset = this.keepLine(chunk, offset, end);
          continue;
        }
        if (top === null) this.buffers = sink.wantsBuffers();
        const start = offset + 1;
        offset = close + 2;
        const size = close - start;
        this.deliver(this.wantsText() ? this.text(chunk, start, size) : copyBytes(chunk, start, size));
      } else if (
        type === T_ARRAY ||
        type === T_MAP ||
        type === T_SET ||
        type === T_PUSH ||
        type === T_ATTRIBUTE
      ) {
        const length = this.readLength(chunk, offset, end);
        if (length === INCOMPLETE) {
          offset = this.keepLine(chunk, offset, end);
          continue;
        }
        offset = this.next;
        this.open(type, length);
      } else {
        offset = this.readRare(type, chunk, offset, end);
      }
    }
  }

  // Tokens. A read method is given the place of the type byte; it returns where the next token is, or what it says.

  /** Everything that is not worth a place in the loop. */
  private readRare(type: number, chunk: Bytes, offset: number, end: number): number {
    switch (type) {
      case T_VERBATIM:
      case T_BLOB_ERROR: {
        const length = this.readLength(chunk, offset, end);
        if (length === INCOMPLETE) return this.keepLine(chunk, offset, end);
        if (length < 0) throw malformed('no length', type);
        if (length > this.limits.maxBulkLength) throw malformed('a string beyond maxBulkLength', type);
        if (type === T_VERBATIM && length < 4) throw malformed('no format', type);
        if (this.top === null) this.buffers = this.sink.wantsBuffers();
        return this.startBody(type, length, chunk, this.next, end);
      }
      case T_ERROR: {
        const close = this.findLineEnd(chunk, offset, end, MAX_LONG_LINE);
        if (close === INCOMPLETE) return this.keepLine(chunk, offset, end);
        if (this.top === null) this.sink.wantsBuffers();
        this.deliverError(this.text(chunk, offset + 1, close - offset - 1));
        return close + 2;
      }
      case T_DOUBLE:
      case T_BIG_NUMBER: {
        const close = this.findLineEnd(chunk, offset, end, MAX_LONG_LINE);
        if (close === INCOMPLETE) return this.keepLine(chunk, offset, end);
        const digits = chunk.latin1Slice(offset + 1, close);
        if (this.top === null) this.sink.wantsBuffers();
        this.deliver(type === T_DOUBLE ? parseDouble(digits) : parseBigNumber(digits));
        return close + 2;
      }
      case T_NULL:
      case T_BOOLEAN:
      case T_END: {
        const close = this.findLineEnd(chunk, offset, end, MAX_SHORT_LINE);
        if (close === INCOMPLETE) return this.keepLine(chunk, offset, end);
        const content = chunk.latin1Slice(offset + 1, close);
        if (type === T_END) {
          if (content !== '') throw malformed('unexpected content', type);
          this.closeStreamed();
          return close + 2;
        }
        if (type === T_NULL ? content !== '' : content !== 't' && content !== 'f') {
          throw malformed('unexpected content', type);
        }
        if (this.top === null) this.sink.wantsBuffers();
        this.deliver(type === T_NULL ? null : content === 't');
        return close + 2;
      }
      default:
        throw malformed('no reply begins like this', type);
    }
  }

  /** `$-1`, `$?`, or a header that the chunk cuts. */
  private readOddBulk(length: number, chunk: Bytes, offset: number, end: number): number {
    if (length === INCOMPLETE) return this.keepLine(chunk, offset, end);
    const next = this.next;
    if (this.top === null) this.buffers = this.sink.wantsBuffers();
    if (length === NULL_LENGTH) {
      this.deliver(null);
      return next;
    }
    this.parts = new ByteCollector(64, this.limits.maxBulkLength);
    return this.readParts(chunk, next, end);
  }

  /** `;4` and four bytes, again and again until `;0`. Nothing else may come between. */
  private readParts(chunk: Bytes, from: number, end: number): number {
    let offset = from;
    while (this.parts !== null && offset < end) {
      const type = chunk[offset];
      if (type !== T_PART) throw malformed('a string in parts is interrupted', type);
      const length = this.readLength(chunk, offset, end);
      if (length === INCOMPLETE) return this.keepLine(chunk, offset, end);
      if (length < 0) throw malformed('no length', type);
      if (length === 0) {
        offset = this.next;
        const { parts } = this;
        this.parts = null;
        this.deliver(
          this.wantsText()
            ? decodeText(parts.bytes, 0, parts.length)
            : copyBytes(parts.bytes, 0, parts.length),
        );
      } else {
        if (length > this.limits.maxBulkLength - this.parts.length)
          throw malformed('a string beyond maxBulkLength', type);
        this.body = this.parts;
        this.bodyType = T_PART;
        this.bodyLeft = length + 2;
        offset = this.resumeBody(chunk, this.next, end);
      }
    }
    return offset;
  }

  /** The length in a line, or what else it says; `next` is after its CRLF. */
  private readLength(chunk: Bytes, offset: number, end: number): number {
    let at = offset + 1;
    let length = 0;
    while (at < end) {
      const digit = chunk[at] - 0x30;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
      at++;
    }
    if (
      at + 1 < end &&
      chunk[at] === CR &&
      chunk[at + 1] === LF &&
      at > offset + 1 &&
      at - offset <= MAX_SHORT_LINE
    ) {
      this.next = at + 2;
      return length;
    }
    return this.readOddLength(chunk, offset, end);
  }

  private readOddLength(chunk: Bytes, offset: number, end: number): number {
    const close = this.findLineEnd(chunk, offset, end, MAX_SHORT_LINE);
    if (close === INCOMPLETE) return INCOMPLETE;
    this.next = close + 2;
    const type = chunk[offset];
    const content = chunk.latin1Slice(offset + 1, close);
    if (content === '-1' && (type === T_BULK || type === T_ARRAY)) return NULL_LENGTH;
    if (content === '?' && type !== T_PART && type !== T_VERBATIM && type !== T_BLOB_ERROR)
      return STREAMED_LENGTH;
    throw malformed('no length', type);
  }

  /** The integer in a line, `null` where it is cut; `next` is after its CRLF. */
  private readInteger(chunk: Bytes, offset: number, end: number): number | bigint | null {
    const negative = offset + 1 < end && chunk[offset + 1] === MINUS;
    const first = negative ? offset + 2 : offset + 1;
    let at = first;
    let value = 0;
    while (at < end) {
      const digit = chunk[at] - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (
      at + 1 < end &&
      chunk[at] === CR &&
      chunk[at + 1] === LF &&
      at > first &&
      at - first <= EXACT_DIGITS
    ) {
      this.next = at + 2;
      // 0 - 0 is 0, where -0 would be another number
      return negative ? 0 - value : value;
    }
    const close = this.findLineEnd(chunk, offset, end, MAX_SHORT_LINE);
    if (close === INCOMPLETE) return null;
    this.next = close + 2;
    return parseInteger(chunk.latin1Slice(offset + 1, close));
  }

  /** Where the CRLF of a line is. A CR or LF alone is no part of any line. */
  private findLineEnd(chunk: Bytes, offset: number, end: number, max: number): number {
    const stop = Math.min(end, offset + max + 1);
    for (let at = offset + 1; at < stop; at++) {
      const byte = chunk[at];
      if (byte === CR) {
        if (at + 1 === end) return INCOMPLETE;
        if (chunk[at + 1] === LF) return at;
        throw malformed('a line with a CR inside', chunk[offset]);
      }
      if (byte === LF) throw malformed('a line with a LF inside', chunk[offset]);
    }
    if (end - offset > max) throw malformed('a line without an end', chunk[offset]);
    return INCOMPLETE;
  }

  // What a chunk cut

  /** Keeps a line of which the end has not come. Returns `end`: nothing is left of the chunk. */
  private keepLine(chunk: Bytes, offset: number, end: number): number {
    const size = end - offset;
    if (this.line === null || this.line.length < size) {
      this.line = Buffer.allocUnsafeSlow(Math.max(MAX_SHORT_LINE * 2, size)) as Bytes;
    }
    chunk.copy(this.line, 0, offset, end);
    this.lineLength = size;
    return end;
  }

  /** Adds to a kept line up to its end, decodes it if that has come, and returns where the chunk goes on. */
  private resumeLine(chunk: Bytes, end: number): number {
    let line = this.line as Bytes;
    let length = this.lineLength;
    let offset = 0;
    let ended = false;
    const type = line[0];
    const max =
      type === T_SIMPLE || type === T_ERROR || type === T_DOUBLE || type === T_BIG_NUMBER
        ? MAX_LONG_LINE
        : MAX_SHORT_LINE;
    while (offset < end && !ended) {
      // what follows a CR ends a line, or breaks the protocol: the decoder will see
      ended = chunk[offset] === LF || line[length - 1] === CR;
      if (length === line.length) {
        line = Buffer.concat([line], length * 2) as Bytes;
      }
      line[length++] = chunk[offset++];
      if (!ended && length > max && line[length - 1] !== CR) throw malformed('a line without an end', type);
    }
    if (!ended) {
      this.line = line;
      this.lineLength = length;
      return end;
    }
    // a long line was an exception: its memory is not kept
    this.line = line.length > 1024 ? null : line;
    this.lineLength = 0;
    this.decode(line, 0, length);
    return offset;
  }

  private startBody(type: number, length: number, chunk: Bytes, offset: number, end: number): number {
    this.body = new ByteCollector(length, length);
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
    if (this.bodyLeft > 0) return offset;
    this.body = null;
    const { bytes, length } = body;
    switch (this.bodyType) {
      case T_BULK:
        this.deliver(this.wantsText() ? decodeText(bytes, 0, length) : bytes);
        break;
      case T_VERBATIM:
        // three characters of format and a colon
        if (bytes[3] !== COLON) throw malformed('no format', T_VERBATIM);
        this.deliver(this.wantsText() ? decodeText(bytes, 4, length - 4) : copyBytes(bytes, 4, length - 4));
        break;
      case T_BLOB_ERROR:
        this.deliverError(decodeText(bytes, 0, length));
        break;
      default:
      // a part: it is where it belongs already
    }
    return offset;
  }

  // Aggregates

  private open(type: number, length: number): void {
    const { limits, top } = this;
    if (type === T_PUSH && top !== null) throw malformed('a push inside a reply', type);
    if (type === T_PUSH) this.buffers = this.sink.wantsPushBuffers();
    else if (top === null) this.buffers = type !== T_ATTRIBUTE && this.sink.wantsBuffers();
    if (length === NULL_LENGTH) {
      this.deliver(null);
      return;
    }
    if (this.depth >= limits.maxDepth) throw malformed('aggregates nested beyond maxDepth', type);
    if (length > limits.maxAggregateLength) throw malformed('an aggregate beyond maxAggregateLength', type);
    if (length === 0) {
      if (type === T_PUSH) throw malformed('a push without a kind', type);
      if (type !== T_ATTRIBUTE) this.deliver(type === T_MAP ? {} : []);
      return;
    }
    const streamed = length === STREAMED_LENGTH;
    // a streamed aggregate is full, and so too long, with the first element past the limit
    const elements = streamed ? limits.maxAggregateLength + 1 : length;
    if (this.depth === this.stack.length) this.stack.push(new OpenAggregate());
    const opened = this.stack[this.depth++];
    opened.open(kindOf(type), type === T_MAP || type === T_ATTRIBUTE ? elements * 2 : elements, streamed);
    this.top = opened;
  }

  /** Closes the innermost aggregate, which has all of its elements, and those that it fills. */
  private closeFull(): void {
    let full = this.top;
    while (full !== null && full.remaining === 0) {
      if (full.streamed) throw new MalformedReplyError('an aggregate beyond maxAggregateLength');
      full = this.close(full);
    }
  }

  /** `.` after the elements of a streamed aggregate. */
  private closeStreamed(): void {
    const { top } = this;
    if (top === null || !top.streamed) throw malformed('the end of nothing', T_END);
    if (top.lacksValue()) throw malformed('a key without a value', T_END);
    if (top.kind === PUSH && top.items.length === 0) throw malformed('a push without a kind', T_END);
    this.close(top);
    this.closeFull();
  }

  /** Takes the innermost aggregate off the stack and its value to where it belongs. Returns the one around it. */
  private close(innermost: OpenAggregate): OpenAggregate | null {
    const { kind } = innermost;
    const value = innermost.close();
    this.depth--;
    const around = this.depth === 0 ? null : this.stack[this.depth - 1];
    this.top = around;
    if (kind === ATTRIBUTE) return null;
    if (around !== null) around.add(value);
    else if (kind === PUSH) this.sink.onPush(value as Reply[]);
    else this.sink.onReply(value);
    return around;
  }

  // Values

  private deliver(value: Reply): void {
    const { top } = this;
    if (top === null) {
      this.sink.onReply(value);
      return;
    }
    top.add(value);
    if (top.remaining === 0) this.closeFull();
  }

  private deliverError(message: string): void {
    if (this.top === null) this.sink.onError(message);
    else this.deliver(new ReplyError(message));
  }

  private wantsText(): boolean {
    return !this.buffers || (this.top !== null && this.top.atKey);
  }

  /** Text from the chunk at hand. */
  private text(chunk: Bytes, start: number, length: number): string {
    if (length === 0) return '';
    this.ascii ??= isAscii(chunk.subarray(start, this.end));
    return this.ascii ? decodeAscii(chunk, start, length) : decodeText(chunk, start, length);
  }
}

function kindOf(type: number): AggregateKind {
  switch (type) {
    case T_MAP:
      return MAP;
    case T_PUSH:
      return PUSH;
    case T_ATTRIBUTE:
      return ATTRIBUTE;
    default:
      return LIST;
  }
}

/** Names the type, and nothing of what it holds: that may be a secret, and messages end up in logs. */
function malformed(what: string, type: number): MalformedReplyError {
  return new MalformedReplyError(`${what} (type byte 0x${type.toString(16).padStart(2, '0')})`);
}
