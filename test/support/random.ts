// Jest's tests see the globals through a sandbox: looked up at each draw, these would be most of a fuzz test's time
const { floor, imul } = Math;

/** Numbers that are the same for the same seed on every machine (mulberry32). Not for secrets. */
export class Random {
  constructor(private state: number) {}

  /** 0 to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer below `limit`. */
  below(limit: number): number {
    return floor(this.next() * limit);
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in this share of the cases, 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** A source of its own: what is drawn from it does not shift what is drawn from this one. */
  fork(): Random {
    return new Random(this.below(2 ** 31));
  }
}

/** The seed that `REDWIRE_SEED` asks for, to repeat a run that failed; undefined where it asks for none. */
export function givenSeed(): number | undefined {
  const given = process.env['REDWIRE_SEED'];
  if (given === undefined || given === '') return undefined;
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`REDWIRE_SEED must be an integer, not '${given}'.`);
  return seed;
}

/** A seed for a run of random tests: new each time, or from `REDWIRE_SEED`; to be named in the failure. */
export function newSeed(): number {
  return givenSeed() ?? Math.floor(Math.random() * 2 ** 31);
}
