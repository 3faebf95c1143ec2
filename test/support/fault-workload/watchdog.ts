interface Guarded {
  readonly what: string;
  /** `performance.now()` after which it counts as hanging. */
  readonly due: number;
}

/** How often it looks, ms. */
const INTERVAL = 250;

/**
 * Sees to it that every promise settles. The bounds are generous: they tell what is late on a busy machine from what will
 * never come.
 */
export class Watchdog {
  private readonly pending = new Set<Guarded>();
  private readonly timer: NodeJS.Timeout;

  /** @param onHanging is told once of each that did not settle in time. */
  constructor(
    private readonly slack: number,
    private readonly onHanging: (what: string) => void,
  ) {
    this.timer = setInterval(() => this.look(), INTERVAL);
  }

  /** Promises that have not settled. */
  get size(): number {
    return this.pending.size;
  }

  /** Passes the promise on. @param limit ms that it may take by what is documented. */
  guard<T>(promise: Promise<T>, limit: number, what: string): Promise<T> {
    const guarded = { what, due: performance.now() + limit + this.slack };
    this.pending.add(guarded);
    const settled = (): void => void this.pending.delete(guarded);
    promise.then(settled, settled);
    return promise;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    for (const guarded of this.pending) {
      if (now <= guarded.due) continue;
      this.pending.delete(guarded);
      this.onHanging(guarded.what);
    }
  }
}
