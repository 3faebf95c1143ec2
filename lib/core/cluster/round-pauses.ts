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

  constructor(private readonly growth: Growth) {}

  /**
   * The pause before the next round, ms.
   *
   * @param longest ms, before many rounds were in vain.
   */
  next(longest = this.growth.longest): number {
    const grown = Math.min(FIRST * FACTOR ** this.rounds, longest);
    const pause = this.rounds++ > this.growth.manyRounds ? LATE : grown;
    return pause * (0.75 + Math.random() / 2);
  }

  /** The trouble is over. */
  reset(): void {
    this.rounds = 0;
  }
}
