import type { Subscription } from '../core/index.js';
import type { RedisMessageHandlerCounts } from '../interfaces/index.js';
import type { MessagePump } from './message-pump.js';

/** Where a handler's messages wait and get lost. */
interface Backlog {
  readonly subscription: Pick<Subscription<Buffer>, 'pending' | 'dropped'>;
  readonly pump: Pick<MessagePump, 'taken'>;
}

/** Counts a handler's messages from the boot on. Each is in one place: `received` is the sum of the others. */
export class HandlerCounters {
  private begun = 0;
  private handled = 0;
  private failed = 0;
  private backlog: Backlog | undefined;

  /** The handler listens. */
  watch(backlog: Backlog): void {
    this.backlog = backlog;
  }

  /** A message is in work. */
  begin(): void {
    this.begun++;
  }

  /** It was done, or it failed. */
  end(failed: boolean): void {
    if (failed) this.failed++;
    else this.handled++;
  }

  counts(): RedisMessageHandlerCounts {
    const { handled, failed, begun } = this;
    const { pending, dropped } = this.backlog?.subscription ?? { pending: 0, dropped: 0 };
    const taken = this.backlog?.pump.taken ?? 0;
    return {
      received: taken + pending + dropped,
      handled,
      failed,
      dropped,
      inFlight: begun - handled - failed,
      // those that were taken and wait for the one before them in their channel (`ordered`) are not in work
      waiting: pending + taken - begun,
    };
  }
}
