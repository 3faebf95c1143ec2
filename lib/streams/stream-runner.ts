import { setTimeout as delay } from 'node:timers/promises';
import {
  RedisConnectionError,
  RedisDisconnectedError,
  type RedisClient,
  type StreamConsumer,
  type StreamConsumerEntry,
  type StreamConsumerStats,
} from '../core/index.js';
import { onceAborted } from '../core/abort-signals.js';
import { describeError } from '../describe-error.js';
import { nameOf } from '../handlers/bound-handler.js';
import type { HandlerLog } from '../handlers/handler-log.js';
import { outsideBoot } from '../handlers/outside-boot.js';
import type { RedisStreamOrigin } from './redis-stream-context.js';
import type { StreamHandler } from './stream-handler.js';

/** Pause before another attempt after a refusal that no waiting mends by itself, ms: from the first to the longest, doubling. */
const FIRST_RETRY = 500;
const LONGEST_RETRY = 30_000;

const NOTHING_YET: StreamConsumerStats = {
  handled: 0,
  failed: 0,
  claimed: 0,
  deadLettered: 0,
  dropped: 0,
  inFlight: 0,
  waiting: 0,
};

/** Handles one entry: what it throws leaves the entry pending. */
export type HandleEntry = (
  entry: StreamConsumerEntry<Buffer>,
  origin: RedisStreamOrigin,
  signal: AbortSignal,
) => Promise<void>;

/**
 * A handler's consumer, kept at work until it is stopped. A consumer gets over outages by itself; it ends with what the server
 * refuses for good (NOPERM, WRONGTYPE). Somebody may mend that while the application runs, so that another consumer of the
 * same name tries again.
 */
export class StreamRunner {
  private consumer: StreamConsumer<Buffer> | undefined;
  private consumerName: string | undefined;
  /** Of the consumers before this one, all in all. */
  private past = NOTHING_YET;
  private readonly stopped = new AbortController();
  private ended: Promise<void> = Promise.resolve();
  private pause = FIRST_RETRY;
  private isReady = false;
  private lastError: unknown;

  constructor(
    readonly handler: StreamHandler,
    private readonly log: HandlerLog,
    private readonly handle: HandleEntry,
  ) {}

  get name(): string {
    return nameOf(this.handler);
  }

  /** Counts since the application started. */
  get stats(): StreamConsumerStats {
    return this.consumer === undefined ? this.past : sumOf(this.past, this.consumer.stats);
  }

  /**
   * Begins, and resolves once the group is there and the server has answered the first read.
   *
   * @param deadline ms for that.
   * @param late for a module that is loaded into an application that has booted.
   * @throws {Error} what the server refused it with, or what kept it from an answer until the deadline. It has stopped then.
   */
  async startBefore(deadline: number, late = false): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (error: unknown): void => reject(this.describeRefusal(error, late));
        timer = setTimeout(() => fail(this.lastError ?? noAnswer(deadline)), Math.min(deadline, 2 ** 31 - 1));
        this.begin(resolve, fail);
      });
    } catch (error) {
      await this.stop(0);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Begins, whenever the server can be reached. */
  startInBackground(): void {
    this.begin(() => undefined, undefined);
  }

  /**
   * Reads nothing more, gives back what is not begun, and resolves once what runs has finished.
   *
   * @param timeout ms after which it ends without them. Their signals fire at once.
   */
  async stop(timeout: number): Promise<void> {
    this.stopped.abort();
    await this.consumer?.stop({ timeout: 0, grace: timeout });
    await this.ended;
  }

  /** @param onRefused hears of a refusal before it was ready, which then ends it. */
  private begin(onReady: () => void, onRefused: ((error: unknown) => void) | undefined): void {
    this.ended = outsideBoot(() => this.run(onReady, onRefused));
  }

  private async run(onReady: () => void, onRefused: ((error: unknown) => void) | undefined): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      const begun = performance.now();
      try {
        await this.consume(onReady);
        if (signal.aborted) break;
        throw new RedisDisconnectedError('CLOSED', 'its client was closed.');
      } catch (error) {
        if (signal.aborted) break;
        this.handler.connection.deaf.set(this.handler, this.name);
        if (!this.isReady && onRefused !== undefined) {
          onRefused(error);
          return;
        }
        // one that was served and refused soon after has only begun to fail
        if (performance.now() - begun > LONGEST_RETRY) this.pause = FIRST_RETRY;
        const isClosed = error instanceof RedisDisconnectedError && error.code === 'CLOSED';
        this.log.failure(
          `${this.name} gets no entries of stream "${this.handler.options.consumer.stream}"`,
          error,
          isClosed ? '' : ` Next attempt in ${this.pause} ms.`,
        );
        if (isClosed) return;
        await delay(this.pause, undefined, { signal, ref: false }).catch(() => undefined);
        this.pause = Math.min(this.pause * 2, LONGEST_RETRY);
      }
    }
    // nobody waits for a boot any longer
    onReady();
  }

  /** Until the consumer ends. @throws what it ends with. */
  private async consume(onReady: () => void): Promise<void> {
    const { options, connection } = this.handler;
    // a stand-in without the method has been left out by the service
    const client = connection.injectedClient as RedisClient;
    const consumer = client.streamConsumer({
      ...options.consumer,
      // one that follows another takes up what that left
      consumer: options.consumer.consumer ?? this.consumerName,
    });
    if (!isConsumer(consumer)) {
      this.log.debug(
        `${this.name} gets no entries: what streamConsumer() of the stand-in for the client of "${connection.name}" gives is no consumer.`,
      );
      onReady();
      await new Promise<void>((resolve) => {
        onceAborted(this.stopped.signal, resolve);
      });
      return;
    }
    this.consumerName = consumer.name;
    this.past = this.stats;
    this.consumer = consumer;
    this.listenTo(consumer);
    consumer.once('ready', () => {
      this.isReady = true;
      connection.deaf.delete(this.handler);
      onReady();
    });
    const origin: RedisStreamOrigin = {
      stream: consumer.stream,
      group: consumer.group,
      consumer: consumer.name,
      connection: connection.name,
      maxDeliveries: options.maxDeliveries,
    };
    await consumer.run((entry, { signal }) => this.handle(entry, origin, signal), {
      concurrency: options.concurrency,
    });
  }

  private listenTo(consumer: StreamConsumer<Buffer>): void {
    const { stream, group } = consumer;
    consumer.on('error', (error) => {
      this.lastError = error;
      // the connection itself tells of these
      if (error instanceof RedisConnectionError || error instanceof RedisDisconnectedError) return;
      this.log.failure(`${this.name} tries again to get entries of stream "${stream}"`, error);
    });
    consumer.on('claimed', (entries) =>
      this.log.debug(
        `${this.name} took over ${entries.length} entries of stream "${stream}" that were pending in group "${group}".`,
      ),
    );
    consumer.on('dropped', (ids) =>
      this.log.warn(
        `${this.name} lost ${ids.length} entries of stream "${stream}": they were trimmed or deleted before group "${group}" was done with them.`,
      ),
    );
    consumer.on('deadLetter', ({ entry, stream: deadLetters, id }) =>
      this.log.warn(
        `${this.name} gave up entry ${entry.id} of stream "${stream}" after ${entry.deliveries} deliveries: it is ${deadLetters === undefined ? 'dropped' : `in stream "${deadLetters}" as ${id}`}.`,
      ),
    );
  }

  private describeRefusal(error: unknown, late: boolean): Error {
    const { stream, group } = this.handler.options.consumer;
    return new Error(
      `@OnRedisStream() on ${this.name}: group "${group}" of stream "${stream}" could not be read: ${describeError(error).message} ` +
        `${late ? 'Its module is not loaded' : 'The application does not start'} without it (connect: 'eager').`,
      { cause: error },
    );
  }
}

/** False for what a mock gives whose every method is there and returns nothing, or another mock. */
function isConsumer(value: unknown): value is StreamConsumer<Buffer> {
  const { on, once, run, stop } = (value ?? {}) as Partial<StreamConsumer<Buffer>>;
  return [on, once, run, stop].every((method) => typeof method === 'function');
}

function noAnswer(deadline: number): Error {
  return new Error(`the server did not answer within ${deadline} ms (connectDeadline).`);
}

function sumOf(one: StreamConsumerStats, other: StreamConsumerStats): StreamConsumerStats {
  const names = Object.keys(one) as (keyof StreamConsumerStats)[];
  return Object.fromEntries(
    names.map((name) => [name, one[name] + other[name]]),
  ) as unknown as StreamConsumerStats;
}
