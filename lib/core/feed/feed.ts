import { onceAborted } from '../abort-signals.js';
import { RedisAbortError, RedisClientError, type RedisError } from '../errors.js';
import { rejectLate, remakeError } from '../late-error.js';
import { throwLater, TypedEvents } from '../typed-events.js';
import type { FeedOptions, FeedWords } from './feed-options.js';

const DEFAULT_BUFFER_SIZE = 10_000;

type ItemListener<Item> = (item: Item) => void;

interface Pull<Item> {
  resolve: (result: IteratorResult<Item, undefined> | Promise<never>) => void;
}

/**
 * Items that come by themselves, read by `for await` or by listeners. They wait in a bounded buffer while the consumer is
 * busy. Leaving the loop ends the feed.
 */
export abstract class Feed<
  Item,
  Events extends { [Name in keyof Events]: unknown[] },
> implements AsyncIterableIterator<Item, undefined> {
  /** How many the overflow policy threw away. */
  dropped = 0;
  protected readonly events = new TypedEvents<Events>();
  /** While there are any, items go to them and wait for nobody. Apart from the other events, for the sake of speed. */
  private listeners: readonly ItemListener<Item>[] = [];
  private buffer: Item[] = [];
  private taken = 0;
  private readonly pulls: Pull<Item>[] = [];
  private ended = false;
  private failure: RedisError | undefined;
  private readonly bufferSize: number;
  private readonly overflow: NonNullable<FeedOptions['overflow']>;
  private readonly forgetSignal: (() => void) | undefined;

  protected constructor(
    private readonly words: FeedWords,
    { bufferSize, overflow, signal }: FeedOptions,
  ) {
    this.bufferSize = bufferSize ?? DEFAULT_BUFFER_SIZE;
    this.overflow = overflow ?? 'drop-oldest';
    if (signal !== undefined) {
      this.forgetSignal = onceAborted(signal, () => {
        const message = `The ${words.feed} was aborted by its signal.`;
        this.breakOff(new RedisAbortError(message, { cause: signal.reason }));
      });
    }
  }

  /** Ends it in good order, and stops the server from sending more: what waits can still be read. */
  protected abstract stop(): Promise<void>;

  /** True once it gives nothing further but what waits. */
  get closed(): boolean {
    return this.ended;
  }

  /** How many wait for the consumer. */
  get pending(): number {
    return this.buffer.length - this.taken;
  }

  /** Calls a listener for every event of this name. */
  on<Name extends keyof Events & string>(name: Name, listener: (...payload: Events[Name]) => void): this {
    if (name === this.words.item) this.listen(listener as unknown as ItemListener<Item>);
    else this.events.on(name, listener);
    return this;
  }

  /** Ends what {@link on} began. */
  off<Name extends keyof Events & string>(name: Name, listener: (...payload: Events[Name]) => void): this {
    if (name === this.words.item) this.unlisten(listener as unknown as ItemListener<Item>);
    else this.events.off(name, listener);
    return this;
  }

  /** The next item, once there is one; done after the last. */
  next(): Promise<IteratorResult<Item, undefined>> {
    const item = this.take();
    if (item !== undefined) return Promise.resolve({ done: false, value: item });
    if (this.failure !== undefined) {
      const { failure } = this;
      this.failure = undefined;
      return rejectLate(() => remakeError(failure));
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.pulls.push({ resolve });
    });
  }

  /** Ends it: what leaving a `for await` loop calls. */
  async return(): Promise<IteratorResult<Item, undefined>> {
    await this.stop();
    return { done: true, value: undefined };
  }

  /** For `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `await using`: ends it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  // ── for who brings the items ─────────────────────────────────────────────────────────────────────────────────────

  /** @internal */
  deliver(item: Item): void {
    if (this.ended) return;
    const { listeners } = this;
    if (listeners.length > 0) {
      // each by itself: one that throws must not keep the item from those after it
      for (const listener of listeners) call(listener, item);
      return;
    }
    const pull = this.pulls.shift();
    if (pull !== undefined) {
      pull.resolve({ done: false, value: item });
      return;
    }
    if (this.pending >= this.bufferSize) {
      this.dropped++;
      if (this.overflow === 'drop-newest') return;
      if (this.overflow === 'error') {
        const { feed, item: what } = this.words;
        const message = `The ${feed}'s buffer of ${this.bufferSize} ${what}s (\`bufferSize\`) is full: its consumer is too slow.`;
        this.breakOff(new RedisClientError('OVERFLOW', message));
        return;
      }
      this.take();
    }
    this.buffer.push(item);
  }

  /** @internal Ends it in good order: what waits is still read. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.forgetSignal?.();
    for (const { resolve } of this.pulls.splice(0)) resolve({ done: true, value: undefined });
  }

  /** @internal Ends it with an error, which its reader gets after what waits. */
  fail(error: RedisError): void {
    if (this.ended) return;
    const pull = this.pulls.shift();
    if (pull === undefined) this.failure = error;
    else pull.resolve(rejectLate(() => remakeError(error)));
    this.end();
  }

  private breakOff(error: RedisError): void {
    this.fail(error);
    // nobody waits for the server's word, and a connection that is lost needs none
    this.stop().catch(() => undefined);
  }

  private listen(listener: ItemListener<Item>): void {
    this.listeners = [...this.listeners, listener];
    // what came before there was a listener comes first; it may take itself off meanwhile
    while (this.pending > 0 && this.listeners.includes(listener)) call(listener, this.take()!);
  }

  private unlisten(listener: ItemListener<Item>): void {
    const index = this.listeners.lastIndexOf(listener);
    if (index >= 0) this.listeners = this.listeners.toSpliced(index, 1);
  }

  private take(): Item | undefined {
    if (this.taken === this.buffer.length) return undefined;
    const item = this.buffer[this.taken]!;
    if (++this.taken >= 1_024 || this.taken === this.buffer.length) {
      this.buffer = this.buffer.slice(this.taken);
      this.taken = 0;
    }
    return item;
  }
}

function call<Item>(listener: (item: Item) => void, item: Item): void {
  try {
    listener(item);
  } catch (error) {
    throwLater(error);
  }
}
