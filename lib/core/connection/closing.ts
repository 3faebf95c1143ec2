import { clock, ticksFor } from './coarse-clock.js';

/** The end of a connection in good order: how long it may take, who needs the connection until then, and who waits for it. */
export class Closing {
  /** Resolves when the connection has ended. */
  readonly done: Promise<void>;
  private finish!: () => void;
  private readonly deadline: number;
  private isNeeded: boolean;

  /**
   * @param timeout ms.
   * @param until the connection is needed that long; must not reject.
   * @param onFree called when that is over.
   */
  constructor(timeout: number, until: Promise<unknown> | undefined, onFree: () => void) {
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.deadline = clock.now + ticksFor(timeout);
    this.isNeeded = until !== undefined;
    void until?.then(() => {
      this.isNeeded = false;
      onFree();
    });
  }

  /** Nobody needs the connection for anything that was not issued before. */
  get isFree(): boolean {
    return !this.isNeeded;
  }

  isOverdue(now: number): boolean {
    return now > this.deadline;
  }

  end(): void {
    this.finish();
  }
}
