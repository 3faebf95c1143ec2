import type { Answer, Journal } from './journal.js';

/** The writes to one key. They have one caller, which awaits each before the next, or sends them in one pipeline. */
interface Writes {
  issued: number;
  /** The last one that was. */
  acknowledged: number;
  readonly refused: Set<number>;
  unknown: number;
}

/** What a read may give. */
export interface Bounds {
  /** No earlier write than this one. */
  readonly least: number;
  /** No later one; without it, any that was issued. */
  readonly most?: number;
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
    else if (answer.state !== 'ok') writes.unknown++;
    else if (answer.value === 'OK') writes.acknowledged = n;
    else this.journal.violation('mixed', `SET ${key} was answered with ${show(answer.value)}`);
  }

  /** What a read that is issued now may give. */
  bounds(key: string): { least: number; most: number } {
    const { acknowledged, issued } = this.of(key);
    return { least: acknowledged, most: issued };
  }

  /** Judges what was read. */
  judge(key: string, value: unknown, { least, most = this.of(key).issued }: Bounds): void {
    const { journal } = this;
    if (value === null) {
      if (least > 0) journal.loss(`${key} is gone, write ${least} was acknowledged`);
      return;
    }
    const n = typeof value === 'string' ? Number(/=(\d+);\.*$/.exec(value)?.[1]) : NaN;
    const { issued, refused } = this.of(key);
    if (!(n <= issued) || value !== valueOf(key, n))
      journal.violation('mixed', `GET ${key} gave ${show(value)}`);
    else if (refused.has(n)) journal.violation('refused', `${key} has write ${n}, which was refused`);
    else if (n > most)
      journal.violation('order', `GET ${key} gave write ${n}, which was sent after it (${most} before)`);
    else if (n < least) journal.loss(`${key} has write ${n}, later ${least} was acknowledged`);
  }

  /** Reads all keys, and judges what is there now. @returns how many */
  async verify(readBack: (keys: string[]) => Promise<unknown[]>): Promise<number> {
    const keys = [...this.keys.keys()];
    const values = await readBack(keys);
    keys.forEach((key, index) => this.judge(key, values[index], this.bounds(key)));
    return keys.length;
  }

  get unknown(): number {
    return [...this.keys.values()].reduce((sum, writes) => sum + writes.unknown, 0);
  }

  private of(key: string): Writes {
    let writes = this.keys.get(key);
    if (writes === undefined) {
      writes = { issued: 0, acknowledged: 0, refused: new Set(), unknown: 0 };
      this.keys.set(key, writes);
    }
    return writes;
  }
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
