import type { RedisMessage, Subscription } from '../core/index.js';

/** How a handler's messages are worked off. */
export interface PumpOptions {
  /** Messages in work at once. */
  readonly concurrency: number;
  /** One after the other, by channel. */
  readonly ordered: boolean;
  /** Messages that may be set aside for the one before them in their channel. */
  readonly bufferSize: number;
}

/**
 * Takes messages from a subscription and hands them to a handler, no more at once than it wants. What it cannot take
 * yet waits in the subscription's bounded buffer. With `ordered`, what waits for the one before it in its channel is set aside,
 * so that a slow channel holds up no other.
 */
export class MessagePump {
  /** Channels with a message in work, and what is set aside behind it. */
  private readonly lanes = new Map<string, RedisMessage<Buffer>[]>();
  private readonly running = new Set<Promise<void>>();
  /** Messages that it took out of the backlog so far. */
  taken = 0;
  private setAside = 0;
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
    return this.subscription.pending + this.setAside + this.running.size;
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
      while (this.isFull) await this.nextDone();
    }
    await Promise.all(this.running);
  }

  /** Ends the subscription. `run()` resolves when what was received has been handled. */
  stop(): void {
    // without a connection the UNSUBSCRIBE goes nowhere, and nothing depends on it
    this.subscription.unsubscribe().catch(() => undefined);
  }

  /** Begins with no further message. */
  abandon(): void {
    this.abandoned = true;
  }

  private get isFull(): boolean {
    return this.running.size >= this.options.concurrency || this.setAside >= this.options.bufferSize;
  }

  private take(message: RedisMessage<Buffer>): void {
    this.taken++;
    const lane = this.options.ordered ? this.lanes.get(message.channel) : undefined;
    if (lane !== undefined) {
      lane.push(message);
      this.setAside++;
      return;
    }
    const work = this.options.ordered ? this.workLane(message) : this.work(message);
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

  private async workLane(first: RedisMessage<Buffer>): Promise<void> {
    const { channel } = first;
    const lane: RedisMessage<Buffer>[] = [];
    this.lanes.set(channel, lane);
    await this.work(first);
    while (lane.length > 0 && !this.abandoned) {
      const next = lane.shift()!;
      this.setAside--;
      this.wake?.();
      await this.work(next);
    }
    this.lanes.delete(channel);
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
