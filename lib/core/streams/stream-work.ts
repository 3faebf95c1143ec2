import { RedisAbortError } from '../errors.js';
import { timerDelay } from '../timer-delay.js';
import type { TypedEvents } from '../typed-events.js';
import { Acknowledgements } from './acknowledgements.js';
import { deadLetterFields } from './dead-letter.js';
import { EntrySupply } from './entry-supply.js';
import { HandlerContext } from './handler-context.js';
import { HeldEntries } from './held-entries.js';
import { judgeError } from './judge-error.js';
import { keepGoing, pause } from './keep-going.js';
import type { ResolvedStreamConsumer } from './stream-consumer-options.js';
import type {
  StreamConsumerEntry,
  StreamConsumerEvents,
  StreamConsumerStats,
  StreamHandler,
} from './stream-entry.js';
import { StreamGroup, type StreamClient } from './stream-group.js';

/** How long handlers have to heed their signal before the consumer ends without them, ms, unless `stop()` says otherwise. */
const GRACE = 500;

/** How long handlers have after an error that ends the consumer, ms. */
const FAILURE_TIMEOUT = 5_000;

/**
 * A consumer at work: entries come from the supply, wait, are handled, and are acknowledged. It ends once, for whatever reason:
 * the supply stops at once, what waits is given back, what runs may finish until its time is over.
 */
export class StreamWork<T extends string | Buffer> {
  /** What it ended with; undefined where it was stopped or its client closed. */
  failure: unknown;
  /** Resolves once it has ended. */
  readonly done: Promise<void>;
  private readonly counts = { handled: 0, failed: 0, claimed: 0, deadLettered: 0, dropped: 0 };
  private readonly held = new HeldEntries<T>();
  private readonly contexts = new Set<HandlerContext>();
  /** Acknowledged by the user before the handler was done. */
  private readonly acknowledged = new Set<string>();
  private readonly group: StreamGroup<T>;
  private readonly supply: EntrySupply<T>;
  private readonly acknowledgements: Acknowledgements;
  /** Fires when nothing more is to be read. */
  private readonly ending = new AbortController();
  /** Fires when it has ended. */
  private readonly ended = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private resolveDone!: () => void;
  private served = false;
  private interrupted = false;

  constructor(
    private readonly client: StreamClient,
    private readonly options: ResolvedStreamConsumer,
    private readonly events: TypedEvents<StreamConsumerEvents<T>>,
    private readonly concurrency: number,
    /** Without one, entries are for whoever asks by `next()`. */
    private readonly handler: StreamHandler<T> | undefined,
  ) {
    const report = (error: unknown): Promise<boolean> => this.report(error);
    this.group = new StreamGroup<T>(client, options);
    this.acknowledgements = new Acknowledgements(
      {
        send: (ids) => this.group.ack(ids),
        onAcknowledged: (ids) => ids.forEach((id) => this.held.forget(id)),
        report,
      },
      this.ended.signal,
    );
    this.supply = new EntrySupply<T>(
      this.group,
      this.held,
      options,
      concurrency,
      {
        onServed: () => this.onServed(),
        onEntries: (entries) => this.add(entries),
        onClaimed: (entries) => this.onClaimed(entries),
        onDropped: (ids) => this.onDropped(ids),
        report,
      },
      this.ending.signal,
    );
    this.done = new Promise((resolve) => {
      this.resolveDone = resolve;
    });
  }

  get stopping(): boolean {
    return this.ending.signal.aborted;
  }

  get stats(): StreamConsumerStats {
    const { counts, held } = this;
    return { ...counts, inFlight: held.running, waiting: held.waiting };
  }

  start(): void {
    this.client.on('disconnect', this.onDisconnect);
    const supplied = this.supply.run();
    void this.keepTouching();
    this.ending.signal.addEventListener('abort', () => void this.finish(supplied), { once: true });
  }

  /**
   * Ends it. Called again it may end sooner, never later.
   *
   * @param timeout how long handlers may go on, ms.
   * @param grace how long after that they have to heed their signal, ms.
   */
  end(timeout: number, grace = GRACE): Promise<void> {
    if (!this.ended.signal.aborted)
      this.timers.push(setTimeout(() => this.interrupt(grace), timerDelay(timeout)));
    this.ending.abort();
    this.held.tell();
    return this.done;
  }

  /** The next entry for a loop; undefined once there is none any more. */
  async next(): Promise<StreamConsumerEntry<T> | undefined> {
    while (!this.stopping) {
      const entry = this.held.take();
      if (entry === undefined) await this.held.changed();
      else if (!(await this.isExhausted(entry))) return entry;
    }
    await this.done;
    return undefined;
  }

  /** An entry was handled well. */
  succeed({ id }: StreamConsumerEntry<T>): void {
    this.counts.handled++;
    if (this.acknowledged.delete(id)) this.held.forget(id);
    else {
      this.held.finish(id);
      this.acknowledgements.add(id);
    }
  }

  /** An entry was not handled to its end; it stays pending. */
  leave({ id }: StreamConsumerEntry<T>): void {
    this.acknowledged.delete(id);
    this.held.forget(id);
  }

  /** Acknowledges now, whatever becomes of the handler. True where it was pending. */
  async acknowledge(id: string): Promise<boolean> {
    // before it is sent: the handler may be done before the answer comes
    if (this.held.has(id)) this.acknowledged.add(id);
    try {
      return (await this.group.ack([id])) === 1;
    } catch (error) {
      this.acknowledged.delete(id);
      throw error;
    }
  }

  // ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private onServed(): void {
    if (this.served) return;
    this.served = true;
    this.events.emit('ready');
  }

  private add(entries: readonly StreamConsumerEntry<T>[]): void {
    this.held.add(entries);
    this.pump();
  }

  private onClaimed(entries: readonly StreamConsumerEntry<T>[]): void {
    this.counts.claimed += entries.length;
    this.add(entries);
    this.events.emit('claimed', entries);
  }

  private onDropped(ids: readonly string[]): void {
    this.counts.dropped += ids.length;
    this.events.emit('dropped', ids);
  }

  private pump(): void {
    while (this.handler !== undefined && !this.stopping && this.held.running < this.concurrency) {
      const entry = this.held.take();
      if (entry === undefined) return;
      void this.handle(entry, this.handler);
    }
  }

  private async handle(entry: StreamConsumerEntry<T>, handler: StreamHandler<T>): Promise<void> {
    if (!(await this.isExhausted(entry))) {
      const context = new HandlerContext();
      this.contexts.add(context);
      try {
        await handler(entry, context);
        this.succeed(entry);
      } catch (error) {
        await this.fail(entry, error);
      }
      this.contexts.delete(context);
    }
    this.pump();
  }

  private async fail(entry: StreamConsumerEntry<T>, error: unknown): Promise<void> {
    this.counts.failed++;
    this.events.emit('handlerError', entry, error);
    if (!this.acknowledged.has(entry.id)) {
      // it was not the entry's fault: another consumer may have it at once, and this delivery does not count
      if (this.interrupted) await this.release([entry]);
      else if (entry.deliveries >= this.options.maxDeliveries) await this.giveUp(entry, { error });
    }
    this.leave(entry);
  }

  /** Those that ended every process that had them were never seen to fail: the server's count tells. */
  private async isExhausted(entry: StreamConsumerEntry<T>): Promise<boolean> {
    if (entry.deliveries <= this.options.maxDeliveries) return false;
    await this.giveUp(entry, undefined);
    this.leave(entry);
    return true;
  }

  private async giveUp(
    entry: StreamConsumerEntry<T>,
    thrown: { readonly error: unknown } | undefined,
  ): Promise<void> {
    const { group, options } = this;
    const stream = options.deadLetter === false ? undefined : options.deadLetter;
    try {
      let id: string | undefined;
      if (stream !== undefined) {
        const original = await group.original(entry.id);
        if (original === undefined) {
          await group.ack([entry.id]);
          this.onDropped([entry.id]);
          return;
        }
        id = await group.add(stream, deadLetterFields(original, entry, options, thrown));
      }
      await group.ack([entry.id]);
      this.counts.deadLettered++;
      this.events.emit('deadLetter', { entry, error: thrown?.error, stream, id });
    } catch (failure) {
      // it stays pending, and is given up at its next delivery
      await this.report(failure);
    }
  }

  // ── in time ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Tells the server of what is held before `claimIdle` is over, so that nobody takes what a handler is busy with. */
  private async keepTouching(): Promise<void> {
    const interval = this.options.claimIdle / 4;
    await keepGoing(
      async () => {
        await pause(interval, this.ended.signal);
        const now = performance.now();
        const ids = this.held.untouchedSince(now - interval);
        if (ids.length === 0 || this.ended.signal.aborted) return;
        await this.group.touch(ids);
        this.held.touched(ids, now);
      },
      (error) => this.report(error),
      this.ended.signal,
    );
  }

  /** What is to become of a failure. False where it ends the consumer. */
  private async report(error: unknown): Promise<boolean> {
    const { status } = this.client;
    const isClosed = status === 'closing' || status === 'closed';
    const verdict = isClosed ? 'closed' : judgeError(error, this.served);
    if (verdict === 'closed') {
      void this.end(0);
      return false;
    }
    if (verdict === 'fatal') {
      this.failure ??= error;
      void this.end(FAILURE_TIMEOUT);
      return false;
    }
    this.events.emit('error', error as Error);
    if (verdict === 'no-group') {
      this.supply.restart();
      // where that fails too, the next step says so
      await this.group.create().catch(() => undefined);
    }
    return true;
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private readonly onDisconnect = ({ reason }: { reason: string }): void => {
    if (reason === 'closed') void this.end(0);
  };

  private async finish(supplied: Promise<void>): Promise<void> {
    const drained = this.drain(supplied);
    const over = new Promise<void>((resolve) => {
      this.ended.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([drained, over]);
    } finally {
      for (const timer of this.timers) clearTimeout(timer);
      this.ended.abort();
      this.client.off('disconnect', this.onDisconnect);
      this.resolveDone();
    }
  }

  private async drain(supplied: Promise<void>): Promise<void> {
    await this.release(this.held.takeBack());
    await supplied;
    // what was on its way
    await this.release(this.held.takeBack());
    if (this.isConnected) await this.supply.releaseCutOff().catch((error: unknown) => this.report(error));
    while (this.held.running > 0) await this.held.changed();
    await this.acknowledgements.settled();
  }

  /** To give something back is not worth waiting for a server that is gone: a shutdown would take all its time for it. */
  private get isConnected(): boolean {
    return this.client.status === 'ready';
  }

  /** Best effort: what is not given back is claimed after `claimIdle`. */
  private async release(entries: readonly StreamConsumerEntry<T>[]): Promise<void> {
    if (entries.length === 0 || !this.isConnected) return;
    try {
      await this.group.release(entries);
    } catch (error) {
      await this.report(error);
    }
  }

  /** Time is over. Handlers are told, and have a moment to end. */
  private interrupt(grace: number): void {
    this.timers.push(setTimeout(() => this.ended.abort(), timerDelay(grace)));
    if (this.interrupted) return;
    this.interrupted = true;
    const reason = new RedisAbortError('The stream consumer stopped, and the time for its handlers is over.');
    for (const context of this.contexts) context.abort(reason);
  }
}
