import { keepGoing } from './keep-going.js';

/** Ids in one XACK. */
const LARGEST = 1_000;

interface AcknowledgementHooks {
  send(ids: readonly string[]): Promise<unknown>;
  onAcknowledged(ids: readonly string[]): void;
  /** False ends the trying. */
  report(error: unknown): boolean | Promise<boolean>;
}

/**
 * What was handled, on its way to the server: what finishes in one tick goes in one XACK, and what a lost connection kept back
 * goes again, for otherwise it would be handled twice.
 */
export class Acknowledgements {
  private queued: string[] = [];
  private sending: Promise<void> | undefined;

  /** @param signal ends the trying. */
  constructor(
    private readonly hooks: AcknowledgementHooks,
    private readonly signal: AbortSignal,
  ) {}

  add(id: string): void {
    if (this.signal.aborted) {
      void this.sendLate(id);
      return;
    }
    this.queued.push(id);
    this.sending ??= this.send();
  }

  /** Resolves once nothing is on its way, or it was given up. */
  async settled(): Promise<void> {
    let last: Promise<void> | undefined;
    while (this.sending !== last) {
      last = this.sending;
      await last;
    }
  }

  private async send(): Promise<void> {
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await keepGoing(
      async () => {
        const ids = this.queued.slice(0, LARGEST);
        if (ids.length === 0) {
          // here and now: what is added before the promise has settled would wait for nobody
          this.sending = undefined;
          return false;
        }
        await this.hooks.send(ids);
        this.queued = this.queued.slice(ids.length);
        this.hooks.onAcknowledged(ids);
        return true;
      },
      this.hooks.report,
      this.signal,
    );
  }

  /** A handler that succeeded after its consumer had ended: nobody waits for it, and one attempt is all it has. */
  private async sendLate(id: string): Promise<void> {
    try {
      await this.hooks.send([id]);
    } catch (error) {
      await this.hooks.report(error);
    }
  }
}
