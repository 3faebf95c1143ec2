/** How the pauses between rounds of asking grow. */
export interface Growth {
  /** ms, where not told otherwise at the pause. */
  readonly longest: number;
  /** Rounds after which nobody expects a failover any more. */
  readonly manyRounds: number;
}

/** ms: the first pause after trouble, and by how much each is longer than the one before. */
const FIRST = 50;
const FACTOR = 1.5;
/** ms, after many rounds. */
const LATE = 2_000;

/**
 * The pauses between rounds that are made for as long as a cluster is in trouble. They grow, and differ from client to client: a
 * fleet that lost its cluster must not hold it down.
 */
export class RoundPauses {
  private rounds = 0;
  private timer: NodeJS.Timeout | undefined;
  private keepsProcess = true;

  constructor(private readonly growth: Growth) {}

  /** A pause is under way. */
  get pausing(): boolean {
    return this.timer !== undefined;
  }

  /**
   * Begins the pause before the next round.
   *
   * @param longest ms, before many rounds were in vain.
   */
  begin(onOver: () => void, longest = this.growth.longest): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      onOver();
    }, this.next(longest));
    if (!this.keepsProcess) this.timer.unref();
  }

  /** Ends the pause that is under way, if any, before its time. */
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** The trouble is over. */
  reset(): void {
    this.rounds = 0;
  }

  /** Does a pause keep the process alive? */
  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    if (keepsProcess) this.timer?.ref();
    else this.timer?.unref();
  }

  /** ms */
  private next(longest: number): number {
    const grown = Math.min(FIRST * FACTOR ** this.rounds, longest);
    const pause = this.rounds++ > this.growth.manyRounds ? LATE : grown;
    return pause * (0.75 + Math.random() / 2);
  }
}
