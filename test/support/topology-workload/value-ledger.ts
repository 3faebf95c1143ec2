import type { Answer, Journal } from './journal.js';

/** The writes to one key. They have one caller, which awaits each before the next, or sends them in one pipeline. */
interface Writes {
  issued: number;
  /** The last one that was. */
  acknowledged: number;
  readonly refused: Set<number>;
  readonly unknown: Set<number>;
}

/** The nth value of a key: it names both, and no two are alike. */
export function valueOf(key: string, n: number): string {
  return `${key}=${n};${'.'.repeat((n * 37) % 300)}`;
}

/** Which values were written to which key, and what is known of them. */
export class ValueLedger {
  private readonly keys = new Map<string, Writes>();

  constructor(private readonly journal: Journal) {}

  /** The next write to a key. */
  issue(key: string): { n: number; value: string } {
    const n = ++this.of(key).issued;
    return { n, value: valueOf(key, n) };
  }

  /** Notes what came of a write. */
  answered(key: string, n: number, answer: Answer): void {
    const writes = this.of(key);
    if (answer.state === 'refused') writes.refused.add(n);
    else if (answer.state !== 'ok') writes.unknown.add(n);
    else if (answer.value === 'OK') writes.acknowledged = n;
    else this.journal.violation('mixed', `SET ${key} was answered with ${show(answer.value)}`);
  }

  /** The last write to a key that was acknowledged, and the last that was issued. 0 is none. */
  state(key: string): { acknowledged: number; issued: number } {
    const { acknowledged, issued } = this.of(key);
    return { acknowledged, issued };
  }

  /**
   * Judges what was read.
   *
   * @param least an earlier write than this one is behind
   * @returns the write that was read
   */
  judge(key: string, value: unknown, least: number): number {
    const { journal } = this;
    if (value === null) {
      if (least > 0) journal.loss(`${key} is gone, write ${least} was acknowledged`);
      return 0;
    }
    const n = typeof value === 'string' ? Number(/=(\d+);\.*$/.exec(value)?.[1]) : NaN;
    const { issued, refused } = this.of(key);
    if (!(n <= issued) || value !== valueOf(key, n)) {
      journal.violation('mixed', `GET ${key} gave ${show(value)}`);
      return 0;
    }
    if (refused.has(n)) journal.violation('refused', `${key} has write ${n}, which was refused`);
    else if (n < least) journal.loss(`${key} has write ${n}, later ${least} was acknowledged`);
    return n;
  }

  /**
   * Judges whether a read of a pipeline was done before the writes that follow it there, once it is known what came of
   * them. Where a connection is lost under both, the client repeats the read and does not know of the write: then it may
   * see it.
   *
   * @param n the write that was read
   * @param most the last one before the read
   */
  judgeOrder(key: string, n: number, most: number): void {
    if (n > most && !this.of(key).unknown.has(n))
      this.journal.violation('order', `GET ${key} gave write ${n}, which was sent after it (${most} before)`);
  }

  /** Reads all keys, and judges what is there now. @returns how many */
  async verify(readBack: (keys: string[]) => Promise<unknown[]>): Promise<number> {
    const keys = [...this.keys.keys()];
    const values = await readBack(keys);
    keys.forEach((key, index) => this.judge(key, values[index], this.of(key).acknowledged));
    return keys.length;
  }

  get unknown(): number {
    return [...this.keys.values()].reduce((sum, writes) => sum + writes.unknown.size, 0);
  }

  private of(key: string): Writes {
    let writes = this.keys.get(key);
    if (writes === undefined) {
      writes = { issued: 0, acknowledged: 0, refused: new Set(), unknown: new Set() };
      this.keys.set(key, writes);
    }
    return writes;
  }
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
