import { clock, ticksFor } from './coarse-clock.js';

/** What is under way has so long to be answered, ms. */
const PATIENCE = 100;

/** The same where it is a blocking command, whose wait somebody may yet end. */
const WAIT_PATIENCE = 1_000;

/**
 * A connection that works is to be given up, for its place is elsewhere by now: nothing new goes out on it, and what is under way
 * has little time left.
 */
export class Move {
  private readonly deadline: number;

  /** @param waits a blocking command waits on the server. */
  constructor(
    readonly why: string,
    waits: boolean,
  ) {
    this.deadline = clock.now + ticksFor(waits ? WAIT_PATIENCE : PATIENCE);
  }

  /** What is under way has no longer any time. */
  get isOverdue(): boolean {
    return clock.now > this.deadline;
  }
}
