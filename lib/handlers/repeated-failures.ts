/** Between two lines about one failure, ms. */
const INTERVAL = 10_000;

/** Failures that are remembered at once: where every message fails with a text of its own, nothing repeats. */
const MOST = 1_000;

/**
 * Tells a failure from its repetitions, so that a handler that fails on every message does not flood the log: the first
 * is logged in full, and what follows is counted and told every ten seconds.
 */
export class RepeatedFailures {
  private readonly repeats = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  /** @param tell a failure, and how often it was repeated since it was last told. */
  constructor(private readonly tell: (failure: string, times: number) => void) {}

  /** True for a failure that is to be logged; one that is not has been counted. */
  isNew(failure: string): boolean {
    const times = this.repeats.get(failure);
    if (times !== undefined) {
      this.repeats.set(failure, times + 1);
      return false;
    }
    if (this.repeats.size < MOST) this.repeats.set(failure, 0);
    if (this.timer === undefined) {
      this.timer = setInterval(() => this.flush(), INTERVAL);
      this.timer.unref();
    }
    return true;
  }

  /** Tells what was counted, and forgets the failures that were not repeated. */
  flush(): void {
    for (const [failure, times] of this.repeats) {
      if (times === 0) {
        this.repeats.delete(failure);
        continue;
      }
      this.repeats.set(failure, 0);
      this.tell(failure, times);
    }
    if (this.repeats.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Tells what was counted, and ends. */
  stop(): void {
    this.flush();
    this.repeats.clear();
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
