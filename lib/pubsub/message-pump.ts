import type { RedisMessage, Subscription } from '../core/index.js';

/** How a handler's messages are worked off. */
export interface PumpOptions {
  /** Messages in work at once. */
  readonly concurrency: number;
  /** One after the other, by channel. */
  readonly ordered: boolean;
}

/**
 * Takes messages from a subscription and hands them to a handler, no more at once than it wants. What it cannot take
 * yet waits in the subscription's bounded buffer: that is the only backlog there is.
 */
export class MessagePump {
  private readonly lanes = new Map<string, Promise<void>>();
  private readonly running = new Set<Promise<void>>();
  /** Messages that it took out of the backlog so far. */
  taken = 0;
  private wake: (() => void) | undefined;
  private abandoned = false;

  /** @param handle reports its own failures: here they are thrown away. */
  constructor(
    private readonly subscription: Subscription<Buffer>,
    private readonly options: PumpOptions,
    private readonly handle: (message: RedisMessage<Buffer>) => Promise<void>,
  ) {}

  /** Messages that wait or are in work. */
  get pending(): number {
    return this.subscription.pending + this.running.size;
  }

  /**
   * Works until the subscription ends, and what it left behind is done.
   *
   * @throws what ended the subscription, if it was not ended from here.
   */
  async run(): Promise<void> {
    for await (const message of this.subscription) {
      if (this.abandoned) break;
      this.take(message);
      if (this.running.size >= this.options.concurrency) await this.nextDone();
    }
    await Promise.all(this.running);
  }

  /** Ends the subscription. `run()` resolves when what was received has been handled. */
  stop(): void {
    // without a connection the UNSUBSCRIBE goes nowhere, and nothing depends on it
    this.subscription.unsubscribe().catch(() => undefined);
  }

  /** Takes no further message from the backlog. */
  abandon(): void {
    this.abandoned = true;
  }

  private take(message: RedisMessage<Buffer>): void {
    this.taken++;
    const work = this.options.ordered ? this.queue(message) : this.work(message);
    this.running.add(work);
    void work.finally(() => {
      this.running.delete(work);
      this.wake?.();
    });
  }

  /** Never rejects: nobody would hear of it but the process, which it would end, and the channel's next message. */
  private async work(message: RedisMessage<Buffer>): Promise<void> {
    try {
      await this.handle(message);
    } catch {
      // see the constructor
    }
  }

  private queue(message: RedisMessage<Buffer>): Promise<void> {
    const { channel } = message;
    const previous = this.lanes.get(channel);
    const work = previous === undefined ? this.work(message) : previous.then(() => this.work(message));
    this.lanes.set(channel, work);
    void work.finally(() => {
      if (this.lanes.get(channel) === work) this.lanes.delete(channel);
    });
    return work;
  }

  private nextDone(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }
}
