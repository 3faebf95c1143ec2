import type { Answer, Journal } from './journal.js';
import { show } from './value-ledger.js';

/** So far apart do counters begin that a count tells whose it is. */
const APART = 1_000_000_000;

interface Counter {
  readonly base: number;
  issued: number;
  refused: number;
  unknown: number;
  /** The highest count that was acknowledged, less the base. */
  reached: number;
}

/** Counters that one caller each counts up, one by one. */
export class CounterLedger {
  private readonly counters = new Map<string, Counter>();

  constructor(private readonly journal: Journal) {}

  /** @returns what the counter must be set to before it is counted up. */
  add(key: string): string {
    const base = (this.counters.size + 1) * APART;
    this.counters.set(key, { base, issued: 0, refused: 0, unknown: 0, reached: 0 });
    return String(base);
  }

  issue(key: string): void {
    this.of(key).issued++;
  }

  /** Notes what came of one INCR; of several in a pipeline, in their order. */
  answered(key: string, answer: Answer): void {
    const counter = this.of(key);
    if (answer.state === 'refused') counter.refused++;
    else if (answer.state !== 'ok') counter.unknown++;
    else if (typeof answer.value === 'number')
      counter.reached = this.judge(key, answer.value, counter.reached + 1) ?? counter.reached;
    else this.journal.violation('mixed', `INCR ${key} was answered with ${show(answer.value)}`);
  }

  /** Reads all counters, and judges what is there now. @returns how many */
  async verify(readBack: (keys: string[]) => Promise<unknown[]>): Promise<number> {
    const keys = [...this.counters.keys()];
    const values = await readBack(keys);
    keys.forEach((key, index) => {
      const value = values[index];
      const { reached } = this.of(key);
      if (value === null) this.journal.loss(`${key} is gone, ${reached} were acknowledged`);
      else if (typeof value === 'string' && /^\d+$/.test(value)) this.judge(key, Number(value), reached);
      else this.journal.violation('mixed', `GET ${key} gave ${show(value)}`);
    });
    return keys.length;
  }

  get unknown(): number {
    return [...this.counters.values()].reduce((sum, counter) => sum + counter.unknown, 0);
  }

  /** @returns how often it was counted up, where the count can be the counter's own. */
  private judge(key: string, count: number, least: number): number | undefined {
    const { base, issued, refused } = this.of(key);
    const applied = count - base;
    if (count < APART) {
      this.journal.loss(`${key} began anew and has ${count}`);
      return undefined;
    }
    if (applied < 0 || applied >= APART) {
      this.journal.violation('mixed', `${key}: ${count} is another counter's`);
      return undefined;
    }
    if (applied > issued - refused)
      this.journal.violation('twice', `${key}: ${issued - refused} sent, ${applied} applied`);
    else if (applied < least) this.journal.loss(`${key}: ${least} acknowledged, ${applied} applied`);
    return applied;
  }

  private of(key: string): Counter {
    const counter = this.counters.get(key);
    if (counter === undefined) throw new Error(`There is no counter ${key}.`);
    return counter;
  }
}
