/** Time that several steps have together. */
export class TimeLimit {
  private readonly end: number;

  /** @param timeout ms from now on; 0 is none. */
  constructor(timeout: number) {
    this.end = timeout === 0 ? Infinity : performance.now() + timeout;
  }

  /** What is left, ms: a little also where it is over, for 0 would be no limit at all; Infinity where there is none. */
  get left(): number {
    return Math.max(1, this.end - performance.now());
  }

  /** Is it over before so many ms? */
  endsWithin(ms: number): boolean {
    return performance.now() + ms >= this.end;
  }
}
