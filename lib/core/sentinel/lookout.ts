/** While a connection is missing, ms: for some seconds, in which a failover is mostly done, and then more rarely. */
const QUICK = 200;
const SLOW = 1_000;
/** ms */
const QUICK_FOR = 10_000;
/** Who has not tried again for so long, ms, has given up. */
const LASTS = 120_000;

/** Looks for a master again and again as long as somebody has none: pauses between attempts to connect grow, this does not. */
export class Lookout {
  private readonly waiting = new Set<object>();
  private timer: NodeJS.Timeout | undefined;
  private since = 0;
  private renewed = 0;

  constructor(private readonly look: () => Promise<void>) {}

  join(who: object): void {
    this.renewed = performance.now();
    if (this.waiting.size === 0) this.since = this.renewed;
    this.waiting.add(who);
    this.schedule();
  }

  leave(who: object): void {
    if (!this.waiting.delete(who) || this.waiting.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(): void {
    const now = performance.now();
    if (this.timer !== undefined || this.waiting.size === 0 || now - this.renewed > LASTS) return;
    this.timer = setTimeout(
      () => {
        void this.look().then(() => {
          this.timer = undefined;
          this.schedule();
        });
      },
      now - this.since < QUICK_FOR ? QUICK : SLOW,
    );
    this.timer.unref();
  }
}
