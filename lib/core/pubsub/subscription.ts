import { inspect } from 'node:util';
import { onceAborted } from '../abort-signals.js';
import { RedisAbortError, RedisClientError, type RedisError } from '../errors.js';
import { rejectLate, remakeError } from '../late-error.js';
import { throwLater, TypedEvents } from '../typed-events.js';
import type { RedisMessage, SubscribeOptions } from './message.js';

/** What befalls a subscription. */
export interface SubscriptionEvents<Data extends string | Buffer = string> {
  /**
   * A message, at once as it comes: instead of `for await`, which gets none while there is such a listener. A listener
   * that throws does so as an uncaught exception.
   */
  message: [message: RedisMessage<Data>];
  /** After a reconnect: messages published during `gap` ms were not heard. */
  resubscribed: [event: { gap: number }];
}

/** Ends some or all of a subscription's channels on the server, as far as no other subscription needs them. */
export type Unsubscribe = (channels: readonly string[]) => Promise<void>;

const DEFAULT_BUFFER_SIZE = 10_000;

type MessageListener<Data extends string | Buffer> = (message: RedisMessage<Data>) => void;

interface Pull<Data extends string | Buffer> {
  resolve: (result: IteratorResult<RedisMessage<Data>, undefined> | Promise<never>) => void;
}

/**
 * Messages of one or several channels, by `for await`. They wait in a bounded buffer while the consumer is busy.
 * Leaving the loop ends the subscription; so does `unsubscribe()`.
 */
export class Subscription<Data extends string | Buffer = string> implements AsyncIterableIterator<
  RedisMessage<Data>,
  undefined
> {
  /** Messages that the overflow policy threw away. */
  dropped = 0;
  private readonly names: Set<string>;
  private readonly events = new TypedEvents<SubscriptionEvents<Data>>();
  /** While there are any, messages go to them and wait for nobody. Apart from the other events, for the sake of speed. */
  private listeners: readonly MessageListener<Data>[] = [];
  private buffer: RedisMessage<Data>[] = [];
  private taken = 0;
  private readonly pulls: Pull<Data>[] = [];
  private ended = false;
  private failure: RedisError | undefined;
  private readonly bufferSize: number;
  private readonly overflow: NonNullable<SubscribeOptions['overflow']>;
  private readonly forgetSignal: (() => void) | undefined;

  /** Made by `client.subscribe()` and its kin. */
  constructor(
    readonly type: RedisMessage['type'],
    channels: readonly string[],
    private readonly options: SubscribeOptions,
    private readonly release: Unsubscribe,
  ) {
    this.names = new Set(channels);
    this.bufferSize = options.bufferSize ?? DEFAULT_BUFFER_SIZE;
    this.overflow = options.overflow ?? 'drop-oldest';
    if (options.signal !== undefined) {
      this.forgetSignal = onceAborted(options.signal, () => {
        this.fail(
          new RedisAbortError('The subscription was aborted by its signal.', {
            cause: options.signal?.reason,
          }),
        );
        void this.release([...this.names]).catch(() => undefined);
      });
    }
  }

  /** The channels or patterns that it still listens to. */
  get channels(): readonly string[] {
    return [...this.names];
  }

  /** True once it gives no further messages but those that wait. */
  get closed(): boolean {
    return this.ended;
  }

  /** Messages that wait for the consumer. */
  get pending(): number {
    return this.buffer.length - this.taken;
  }

  /** `data` comes as Buffers. */
  get buffers(): boolean {
    return this.options.buffers === true;
  }

  on<Name extends keyof SubscriptionEvents<Data>>(
    name: Name,
    listener: (...payload: SubscriptionEvents<Data>[Name]) => void,
  ): this {
    if (name === 'message') this.listen(listener as unknown as MessageListener<Data>);
    else this.events.on(name, listener);
    return this;
  }

  off<Name extends keyof SubscriptionEvents<Data>>(
    name: Name,
    listener: (...payload: SubscriptionEvents<Data>[Name]) => void,
  ): this {
    if (name === 'message') this.unlisten(listener as unknown as MessageListener<Data>);
    else this.events.off(name, listener);
    return this;
  }

  /** Ends some channels; without arguments, or with the last one, the whole subscription. What waits can still be read. */
  async unsubscribe(...channels: string[]): Promise<void> {
    const leaving =
      channels.length === 0 ? [...this.names] : channels.filter((channel) => this.names.has(channel));
    for (const channel of leaving) this.names.delete(channel);
    if (this.names.size === 0) this.end();
    await this.release(leaving);
  }

  next(): Promise<IteratorResult<RedisMessage<Data>, undefined>> {
    const message = this.take();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
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

  async return(): Promise<IteratorResult<RedisMessage<Data>, undefined>> {
    await this.unsubscribe();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unsubscribe();
  }

  /** Where it stands, for logs as JSON: no message is in it. */
  toJSON(): { type: RedisMessage['type']; channels: readonly string[]; pending: number; dropped: number } {
    const { type, channels, pending, dropped } = this;
    return { type, channels, pending, dropped };
  }

  [inspect.custom](): string {
    return `Subscription ${inspect(this.toJSON())}`;
  }

  // ── for the subscriber ───────────────────────────────────────────────────────────────────────────────────────────

  /** @internal */
  deliver(message: RedisMessage<Data>): void {
    if (this.ended) return;
    const { listeners } = this;
    if (listeners.length > 0) {
      // each by itself: one that throws must not keep the message from those after it
      for (const listener of listeners) call(listener, message);
      return;
    }
    const pull = this.pulls.shift();
    if (pull !== undefined) {
      pull.resolve({ done: false, value: message });
      return;
    }
    if (this.pending >= this.bufferSize) {
      this.dropped++;
      if (this.overflow === 'drop-newest') return;
      if (this.overflow === 'error') {
        const names = [...this.names];
        this.fail(
          new RedisClientError(
            'OVERFLOW',
            `The subscription's buffer of ${this.bufferSize} messages (\`bufferSize\`) is full: its consumer is too slow.`,
          ),
        );
        void this.release(names).catch(() => undefined);
        return;
      }
      this.take();
    }
    this.buffer.push(message);
  }

  /** @internal */
  notifyResubscribed(gap: number): void {
    this.events.emit('resubscribed', { gap });
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

  private listen(listener: MessageListener<Data>): void {
    this.listeners = [...this.listeners, listener];
    // what came before there was a listener comes first; it may take itself off meanwhile
    while (this.pending > 0 && this.listeners.includes(listener)) call(listener, this.take()!);
  }

  private unlisten(listener: MessageListener<Data>): void {
    const index = this.listeners.lastIndexOf(listener);
    if (index >= 0) this.listeners = this.listeners.toSpliced(index, 1);
  }

  private take(): RedisMessage<Data> | undefined {
    if (this.taken === this.buffer.length) return undefined;
    const message = this.buffer[this.taken]!;
    if (++this.taken >= 1_024 || this.taken === this.buffer.length) {
      this.buffer = this.buffer.slice(this.taken);
      this.taken = 0;
    }
    return message;
  }
}

function call<Payload>(listener: (payload: Payload) => void, payload: Payload): void {
  try {
    listener(payload);
  } catch (error) {
    throwLater(error);
  }
}
