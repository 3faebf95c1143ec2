/** The smallest piece is 2^15 bytes: shorter texts are joined with the others. */
const SMALLEST = 15;
/** The largest that is kept is 2^24 bytes. */
const LARGEST = 24;
/** What is kept for later, of all sizes together; a process that has sent large values once keeps no more than this. */
const MOST_KEPT = 8 << 20;

const utf8 = new TextEncoder();

/** A large text as bytes, in memory that is used again. */
export interface LentText {
  /** The text. */
  readonly bytes: Buffer;
  /** All of the memory, for {@link SendMemory.giveBack}. */
  readonly memory: Buffer;
}

/**
 * Memory for large texts on their way to a socket. To ask the system for a fresh MiB for each, and to touch it
 * for the first time, takes more than twice as long as to write the text and send it.
 */
export class SendMemory {
  /** Bytes that wait to be used again. */
  kept = 0;
  /** By the power of two that is their size. */
  private readonly free: Buffer[][] = Array.from({ length: LARGEST + 1 }, () => []);

  /** The text's UTF-8; lone surrogates become U+FFFD. */
  encode(text: string): LentText {
    let memory = this.take(text.length);
    let { read, written } = utf8.encodeInto(text, memory);
    if (read < text.length) {
      this.giveBack(memory);
      memory = this.take(Buffer.byteLength(text));
      ({ read, written } = utf8.encodeInto(text, memory));
    }
    return { bytes: memory.subarray(0, written), memory };
  }

  /** The system has taken what was in it. */
  giveBack(memory: Buffer): void {
    const { length } = memory;
    if (length > 2 ** LARGEST || this.kept + length > MOST_KEPT) return;
    this.kept += length;
    this.free[sizeClass(length)]!.push(memory);
  }

  private take(bytes: number): Buffer {
    const power = sizeClass(bytes);
    const memory = this.free[power]?.pop();
    if (memory === undefined) return Buffer.allocUnsafeSlow(power > LARGEST ? bytes : 2 ** power);
    this.kept -= memory.length;
    return memory;
  }
}

/** The power of two that holds so many bytes. */
function sizeClass(bytes: number): number {
  return Math.max(SMALLEST, Math.ceil(Math.log2(bytes)));
}

/** One for the process. */
export const sendMemory = new SendMemory();
