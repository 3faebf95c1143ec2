import { outsideCallers } from '../../connection/outside-callers.js';

/** ms between two rounds: the first, and how they grow. A fleet that lost its cluster must not hold it down. */
const FIRST_PAUSE = 50;
const PAUSE_FACTOR = 1.5;
const LONGEST_PAUSE = 400;
/** Rounds after which nobody expects a failover any more, and the pause from then on, ms. */
const MANY_ROUNDS = 150;
const LATE_PAUSE = 2_000;

/** Does something again and again, with pauses, for as long as it is needed. */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  private count = 0;
  private stopped = false;
  private keepsProcess = true;

  /** @param work true where another round is to follow; must not reject. */
  constructor(private readonly work: () => Promise<boolean>) {}

  /** The first round follows in a moment, unless there are some already. */
  begin(): void {
    if (this.timer !== undefined || this.running || this.stopped) return;
    outsideCallers(() => this.plan());
  }

  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    if (keepsProcess) this.timer?.ref();
    else this.timer?.unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private plan(): void {
    const grown = Math.min(FIRST_PAUSE * PAUSE_FACTOR ** this.count, LONGEST_PAUSE);
    const pause = this.count++ > MANY_ROUNDS ? LATE_PAUSE : grown;
    this.timer = setTimeout(() => void this.run(), pause * (0.75 + Math.random() / 2));
    if (!this.keepsProcess) this.timer.unref();
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    this.running = true;
    const isNeeded = await this.work();
    this.running = false;
    if (this.stopped) return;
    if (isNeeded) this.plan();
    else this.count = 0;
  }
}
