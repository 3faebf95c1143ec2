import { inspect } from 'node:util';
import { checkMilliseconds } from '../check-milliseconds.js';
import { RedisClientError, RedisDisconnectedError, RedisError } from '../errors.js';
import { rejectLate, remakeError } from '../late-error.js';
import { TypedEvents } from '../typed-events.js';
import {
  resolveConcurrency,
  resolveStreamConsumer,
  type ResolvedStreamConsumer,
  type StreamConsumerOptions,
  type StreamRunOptions,
} from './stream-consumer-options.js';
import type {
  StreamConsumerEntry,
  StreamConsumerEvents,
  StreamConsumerStats,
  StreamHandler,
} from './stream-entry.js';
import type { StreamClient } from './stream-group.js';
import { StreamWork } from './stream-work.js';

/** Where a consumer stands: `idle` until its first use; one that is `stopped` is not used again. */
export type StreamConsumerStatus = 'idle' | 'running' | 'stopping' | 'stopped';

const DEFAULT_TIMEOUT = 5_000;

const NOTHING_YET: StreamConsumerStats = {
  handled: 0,
  failed: 0,
  claimed: 0,
  deadLettered: 0,
  dropped: 0,
  inFlight: 0,
  waiting: 0,
};

/**
 * Handles the entries of a stream as one of a consumer group: by `run(handler)`, or by `for await`. Every entry is handled at
 * least once: one whose handler failed, or whose consumer died, comes again after `claimIdle`, to any consumer of the group.
 */
export class StreamConsumer<T extends string | Buffer = string> implements AsyncIterable<
  StreamConsumerEntry<T>
> {
  private readonly options: ResolvedStreamConsumer;
  private readonly events = new TypedEvents<StreamConsumerEvents<T>>();
  private work: StreamWork<T> | undefined;
  private user: string | undefined;
  private hasEnded = false;

  /** Made by `client.streamConsumer()`. */
  constructor(
    private readonly client: StreamClient,
    options: StreamConsumerOptions,
  ) {
    this.options = resolveStreamConsumer(options);
  }

  /** The stream's key, without the client's `keyPrefix`. */
  get stream(): string {
    return this.options.stream;
  }

  /** Name of the group. */
  get group(): string {
    return this.options.group;
  }

  /** This consumer's name in the group. */
  get name(): string {
    return this.options.consumer;
  }

  /** Where it stands in its life. */
  get status(): StreamConsumerStatus {
    if (this.hasEnded) return 'stopped';
    if (this.work === undefined) return 'idle';
    return this.work.stopping ? 'stopping' : 'running';
  }

  /** What it has done, and has in hand. */
  get stats(): StreamConsumerStats {
    return this.work?.stats ?? NOTHING_YET;
  }

  /**
   * Handles entries until `stop()`, or until the client is closed under it. An entry is acknowledged when its handler is done; one whose
   * handler fails stays pending.
   *
   * @throws {RedisServerError} `NOPERM`, `WRONGTYPE` and the like, which waiting does not mend; {RedisClientError} `IN_USE` for
   *   a consumer that is used already, `STOPPED` for one that was stopped.
   */
  async run(handler: StreamHandler<T>, options: StreamRunOptions = {}): Promise<void> {
    if (typeof handler !== 'function') throw new TypeError('run(): give a function that handles an entry.');
    const concurrency = resolveConcurrency(options);
    this.use('run()');
    const work = this.start(concurrency, handler);
    await work.done;
    await rejectFailure(work.failure);
  }

  /**
   * Entries one after the other. Each is acknowledged when the loop asks for the next one; leaving the loop stops the consumer
   * and leaves the last one pending. Fails as {@link run}.
   */
  [Symbol.asyncIterator](): AsyncGenerator<StreamConsumerEntry<T>, void, undefined> {
    this.use('for await');
    return this.loop();
  }

  /**
   * Acknowledges an entry now, whatever becomes of its handler or loop.
   *
   * @returns true where it was pending.
   */
  async ack(id: string): Promise<boolean> {
    if (typeof id !== 'string' || id === '') throw new TypeError("ack(): give the entry's id.");
    if (this.work === undefined)
      throw new RedisClientError('NOT_RUNNING', 'ack(): the consumer has read nothing yet.');
    return this.work.acknowledge(id);
  }

  /**
   * Reads nothing more, gives back what is not begun, lets handlers finish, and acknowledges what they have handled. Always
   * settles, and may be called again. Inside a handler or loop, do not wait for it: it waits for them.
   *
   * @param options.timeout ms after which the `signal` of those that still run fires. Default 5_000.
   * @param options.grace ms after that until it ends without them. Default 500.
   */
  async stop(options: { timeout?: number | undefined; grace?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('stop()', 'timeout', options.timeout);
    checkMilliseconds('stop()', 'grace', options.grace);
    if (this.work === undefined) this.hasEnded = true;
    else await this.work.end(options.timeout ?? DEFAULT_TIMEOUT, options.grace);
  }

  /** `await using consumer = …`: stops at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** `ready`, `error`, `handlerError`, `deadLetter`, `claimed`, `dropped`. An `error` without a listener harms nothing. */
  on<Name extends keyof StreamConsumerEvents<T>>(
    event: Name,
    listener: (...payload: StreamConsumerEvents<T>[Name]) => void,
  ): this {
    this.events.on(event, listener);
    return this;
  }

  /** As {@link on}, for the next time alone. */
  once<Name extends keyof StreamConsumerEvents<T>>(
    event: Name,
    listener: (...payload: StreamConsumerEvents<T>[Name]) => void,
  ): this {
    this.events.once(event, listener);
    return this;
  }

  /** Ends what {@link on} or {@link once} began. */
  off<Name extends keyof StreamConsumerEvents<T>>(
    event: Name,
    listener: (...payload: StreamConsumerEvents<T>[Name]) => void,
  ): this {
    this.events.off(event, listener);
    return this;
  }

  /** Where it stands, for logs as JSON: no entry is in it. */
  toJSON(): {
    stream: string;
    group: string;
    name: string;
    status: StreamConsumerStatus;
  } & StreamConsumerStats {
    const { stream, group, name, status, stats } = this;
    return { stream, group, name, status, ...stats };
  }

  /** What a log shows of it. */
  [inspect.custom](): string {
    return `StreamConsumer ${inspect(this.toJSON())}`;
  }

  /** One use in a consumer's life: two would take one another's entries. */
  private use(by: string): void {
    if (this.user !== undefined) {
      throw new RedisClientError(
        'IN_USE',
        `${by}: this consumer is used by ${this.user} already. Make another one with client.streamConsumer().`,
      );
    }
    if (this.hasEnded) {
      throw new RedisClientError(
        'STOPPED',
        `${by}: this consumer was stopped. Make another one with client.streamConsumer().`,
      );
    }
    const { status } = this.client;
    if (status === 'closing' || status === 'closed')
      throw new RedisDisconnectedError('CLOSED', `${by}: the client is closed; make a new one.`);
    this.user = by;
  }

  private start(concurrency: number, handler: StreamHandler<T> | undefined): StreamWork<T> {
    const work = new StreamWork<T>(this.client, this.options, this.events, concurrency, handler);
    this.work = work;
    void work.done.then(() => {
      this.hasEnded = true;
    });
    work.start();
    return work;
  }

  private async *loop(): AsyncGenerator<StreamConsumerEntry<T>, void, undefined> {
    // between the call for the iterator and the first entry it may have been stopped
    if (this.hasEnded) return;
    const work = this.start(1, undefined);
    try {
      for (let entry = await work.next(); entry !== undefined; entry = await work.next()) {
        let handled = false;
        try {
          yield entry;
          handled = true;
        } finally {
          if (handled) work.succeed(entry);
          else work.leave(entry);
        }
      }
    } finally {
      await work.end(DEFAULT_TIMEOUT);
    }
    await rejectFailure(work.failure);
  }
}

/** Rejects with an error whose stack is the caller's. */
async function rejectFailure(failure: unknown): Promise<void> {
  if (failure instanceof RedisError) await rejectLate(() => remakeError(failure));
  if (failure !== undefined) throw failure;
}
