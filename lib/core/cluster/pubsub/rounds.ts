import { outsideCallers } from '../../connection/outside-callers.js';
import { RoundPauses } from '../round-pauses.js';

/** Does something again and again, with pauses, for as long as it is needed. */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  /** A minute, and then more rarely. */
  private readonly pauses = new RoundPauses({ longest: 400, manyRounds: 150 });
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
    this.timer = setTimeout(() => void this.run(), this.pauses.next());
    if (!this.keepsProcess) this.timer.unref();
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    this.running = true;
    const isNeeded = await this.work();
    this.running = false;
    if (this.stopped) return;
    if (isNeeded) this.plan();
    else this.pauses.reset();
  }
}
