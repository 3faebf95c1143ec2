/** Between two reports, ms. */
const INTERVAL = 10_000;

/**
 * Reports what a backlog has dropped: the first at once, then what came to it every ten seconds, and the rest at the end.
 * It asks by the clock, since a handler that is stuck has no later message to ask by.
 */
export class OverflowReporter {
  private reported = 0;
  private last = -Infinity;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly backlog: { readonly dropped: number },
    private readonly report: (dropped: number) => void,
  ) {
    this.timer = setInterval(() => this.flush(), INTERVAL);
    this.timer.unref();
  }

  /** Called as messages are handled. */
  check(): void {
    if (performance.now() - this.last >= INTERVAL) this.flush();
  }

  /** Reports what was not yet, and watches no longer. */
  stop(): void {
    clearInterval(this.timer);
    this.flush();
  }

  private flush(): void {
    const dropped = this.backlog.dropped - this.reported;
    if (dropped === 0) return;
    this.reported = this.backlog.dropped;
    this.last = performance.now();
    this.report(dropped);
  }
}
