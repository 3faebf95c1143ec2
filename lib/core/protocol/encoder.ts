import { frameShortTexts, SHORT_TEXT } from './frame-short-texts.js';
import { type LentText, sendMemory } from './send-memory.js';

/** What one write hands to the socket: text, or text and Buffers in turn. */
export type WireParts = (string | Buffer)[];

/** What a tick has gathered. */
export interface Outgoing {
  /** `[text]` in the common case. */
  readonly parts: WireParts;
  /** Of the parts that are text. */
  readonly encoding: 'latin1' | 'utf8';
  /** Memory among the parts that goes back to {@link sendMemory} when the socket has written them; null for none. */
  readonly lent: readonly Buffer[] | null;
}

/** An argument that the encoder takes. */
export type WireArgument = string | Buffer | number | bigint;

/** A Buffer argument up to this size is turned into latin1 text: a piece apart would cost a write of its own. */
const INLINE_BUFFER = 1_024;
/** Text from this length on (characters) is written apart, in memory that is used again. */
const LARGE_TEXT = 32_768;
/** From so many arguments on, those that are short are put into one piece first. */
const MANY = 16;

/** Joined text from this length on (characters) is a part of its own: a string has an end, which a long command may pass. */
const MOST_JOINED = 2 ** 24;

const CRLF = '\r\n';

/** What stands between an argument and the one before it: the end of that, and this one's length. */
const LENGTH_LINES = Array.from({ length: 1_024 }, (_, length) => `\r\n$${length}\r\n`);

function lengthLine(bytes: number): string {
  return bytes < 1_024 ? LENGTH_LINES[bytes]! : `\r\n$${bytes}\r\n`;
}

function isAsciiText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 127) return false;
  }
  return true;
}

/**
 * Commands of a tick, joined into one string: a single write of one flat string costs a third of what cork or writev
 * of many pieces do. The string holds one character per byte as long as all text is ASCII (`latin1`); the first text
 * that is not turns the rest of the batch to UTF-8. Buffers and large texts stand apart, in order.
 *
 * What was appended last still lacks its CRLF: it comes with whatever follows. Each piece that is joined costs when the
 * string is made flat, and so there are fewer.
 */
export class Encoder {
  /** Characters waiting, large parts counted in bytes. */
  size = 0;
  private text = '';
  /** The joined text has a character above 127 and means UTF-8. */
  private utf8 = false;
  /** The joined text has raw bytes above 127 (from a Buffer) and means latin1. */
  private binary = false;
  private parts: WireParts | null = null;
  private lent: Buffer[] | null = null;

  /**
   * Appends one command; `head` is its frame up to the first argument, as `CommandSpec.head()` makes it.
   * The arguments must have been checked: this never throws.
   */
  append(head: string, args: readonly WireArgument[]): void {
    let text = this.size === 0 ? head.slice(CRLF.length) : head;
    let index = 0;
    if (args.length >= MANY) {
      const run = frameShortTexts(args);
      text += run.text;
      index = run.taken;
    }
    for (; index < args.length; index++) {
      const arg = args[index]!;
      if (text.length >= MOST_JOINED) {
        this.add(text);
        text = '';
      }
      if (typeof arg === 'string') {
        const { length } = arg;
        if (length < SHORT_TEXT && isAsciiText(arg)) {
          text += LENGTH_LINES[length]! + arg;
          continue;
        }
        if (length >= LARGE_TEXT) {
          const lent = sendMemory.encode(arg);
          this.add(text + lengthLine(lent.bytes.length));
          this.addLent(lent);
          text = '';
          continue;
        }
        const bytes = Buffer.byteLength(arg);
        text += lengthLine(bytes);
        if (bytes !== length) {
          if (this.binary) {
            // raw bytes are in the text already: this one goes as bytes too
            text += Buffer.from(arg).toString('latin1');
            continue;
          }
          this.utf8 = true;
        }
        text += arg;
      } else if (typeof arg === 'object') {
        text += lengthLine(arg.length);
        if (arg.length <= INLINE_BUFFER && !this.utf8) {
          this.binary = true;
          text += arg.toString('latin1');
        } else {
          this.add(text);
          this.addApart(arg);
          text = '';
        }
      } else {
        const digits = String(arg);
        text += lengthLine(digits.length) + digits;
      }
    }
    this.add(text);
  }

  /** Takes what is waiting. */
  take(): Outgoing {
    if (this.size > 0) this.text += CRLF;
    this.closeText();
    const { lent } = this;
    const parts = this.parts ?? [];
    const encoding = this.utf8 ? 'utf8' : 'latin1';
    this.parts = null;
    this.lent = null;
    this.utf8 = false;
    this.binary = false;
    this.size = 0;
    return { parts, encoding, lent };
  }

  private add(text: string): void {
    this.text += text;
    this.size += text.length;
    if (this.text.length >= MOST_JOINED) this.closeText();
  }

  private addApart(bytes: Buffer): void {
    this.closeText();
    (this.parts ??= []).push(bytes);
    this.size += bytes.length;
  }

  private addLent({ bytes, memory }: LentText): void {
    this.addApart(bytes);
    (this.lent ??= []).push(memory);
  }

  private closeText(): void {
    if (this.text !== '') (this.parts ??= []).push(this.text);
    this.text = '';
  }
}
