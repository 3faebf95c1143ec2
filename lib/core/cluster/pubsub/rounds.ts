import { outsideCallers } from '../../connection/outside-callers.js';
import { RoundPauses } from '../round-pauses.js';

/** Does something again and again, with pauses, for as long as it is needed. */
export class Rounds {
  private running = false;
  /** A minute, and then more rarely. */
  private readonly pauses = new RoundPauses({ longest: 400, manyRounds: 150 });
  private stopped = false;

  /** @param work true where another round is to follow; must not reject. */
  constructor(private readonly work: () => Promise<boolean>) {}

  /** The first round follows in a moment, unless there are some already. */
  begin(): void {
    if (this.pauses.pausing || this.running || this.stopped) return;
    outsideCallers(() => this.plan());
  }

  setRef(keepsProcess: boolean): void {
    this.pauses.setRef(keepsProcess);
  }

  stop(): void {
    this.stopped = true;
    this.pauses.cancel();
  }

  private plan(): void {
    this.pauses.begin(() => void this.run());
  }

  private async run(): Promise<void> {
    this.running = true;
    const isNeeded = await this.work();
    this.running = false;
    if (this.stopped) return;
    if (isNeeded) this.plan();
    else this.pauses.reset();
  }
}
