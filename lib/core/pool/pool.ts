import { inspect } from 'node:util';
import { onceAborted } from '../abort-signals.js';
import { checkMilliseconds } from '../check-milliseconds.js';
import { RedisClient } from '../client.js';
import {
  RedisAbortError,
  RedisClientError,
  RedisDisconnectedError,
  RedisServerError,
  RedisTimeoutError,
  type RedisError,
} from '../errors.js';
import { rejectLate, remakeError } from '../late-error.js';
import type { CommandObserver } from '../observer.js';
import { resolveClientOptions } from '../resolve-options.js';
import { timerDelay } from '../timer-delay.js';
import { splitPoolOptions, type RedisPoolOptions, type ResolvedPoolSize } from './pool-options.js';

/** Connections by what they do; `active + idle` may be less than `total` while some are being opened. */
export interface RedisPoolStats {
  /** Lent. */
  readonly active: number;
  /** Open and free. */
  readonly idle: number;
  /** Callers of `acquire()` that wait. */
  readonly waiting: number;
  /** Lent, free, and being opened. */
  readonly total: number;
}

interface Waiter {
  /** Both leave the queue and disarm the timer. */
  resolve: (client: RedisClient) => void;
  reject: (create: () => RedisError) => void;
  timer: NodeJS.Timeout | undefined;
}

interface IdleClient {
  readonly client: RedisClient;
  readonly since: number;
}

/** A connection that sat idle this long (ms) is PINGed before it is lent: a firewall may have forgotten it. */
const TRUSTED_IDLE = 1_000;
const CHECK_TIMEOUT = 1_000;

/**
 * Connections to lend, one caller each at a time: for work that must not share a connection, or to spread load.
 * Waiters are served in order; broken connections are replaced.
 */
export class RedisPool {
  private readonly size: ResolvedPoolSize;
  /** Closes over the options: a pool shown by JSON or inspect shows no password. */
  private readonly createClient: () => RedisClient;
  private readonly idle: IdleClient[] = [];
  private readonly lent = new Set<RedisClient>();
  private readonly returned = new WeakSet<RedisClient>();
  private readonly waiters: Waiter[] = [];
  private readonly observers = new Map<CommandObserver, Map<RedisClient, () => void>>();
  private readonly opening = new Set<RedisClient>();
  private sweeper: NodeJS.Timeout | undefined;
  private closed = false;
  private keepsProcess = true;
  private onDrained: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  /**
   * Checks the options; opens nothing.
   *
   * @throws {TypeError} for an unknown option or a value of the wrong kind.
   */
  constructor(options: RedisPoolOptions | string = {}) {
    const { size, connection } = splitPoolOptions(typeof options === 'string' ? { url: options } : options);
    resolveClientOptions(connection);
    this.size = size;
    this.createClient = () => new RedisClient(connection);
  }

  /**
   * Opens `min` connections now. Settles as {@link RedisClient.connect} does; what could be opened stays open, also where another failed.
   */
  async connect(options: { deadline?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('connect()', 'deadline', options.deadline);
    this.refuseWhenClosed('connect()');
    const missing = this.size.min - this.total;
    const outcomes = await Promise.allSettled(
      Array.from({ length: Math.max(missing, 0) }, () => this.open(options.deadline)),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw remakeError(failed.reason as RedisError);
  }

  /**
   * Lends a connected client, to be given back by {@link release}. Waiters are served first come, first served.
   *
   * @throws {RedisTimeoutError} kind `'pool'` after `acquireTimeout`; {RedisConnectionError} where none can be opened.
   */
  async acquire(options: { signal?: AbortSignal | undefined } = {}): Promise<RedisClient> {
    this.refuseToAcquire(options.signal);
    for (let entry = this.idle.pop(); entry !== undefined; entry = this.idle.pop()) {
      this.lent.add(entry.client);
      if (await this.isAlive(entry)) {
        if (options.signal?.aborted === true) this.release(this.lend(entry.client));
        this.refuseToAcquire(options.signal);
        return this.lend(entry.client);
      }
      this.lent.delete(entry.client);
      this.discard(entry.client);
      this.noteReturn();
      this.refuseToAcquire(options.signal);
    }
    const client = this.wait(options.signal);
    this.serveByOpening();
    return client;
  }

  /**
   * Takes a client back.
   *
   * @throws {RedisClientError} `NOT_LENT` for a client that this pool did not lend, or that was given back already.
   */
  release(client: RedisClient): void {
    if (!this.lent.delete(client)) {
      // destroyed with the pool while it was lent: the borrower, who does not know, has done what it should
      if (this.closed && this.returned.has(client)) return;
      const why = this.returned.has(client) ? 'was given back already' : 'is not of this pool';
      throw new RedisClientError(
        'NOT_LENT',
        `release(): the client ${why}. Release each acquired client once.`,
      );
    }
    this.returned.add(client);
    if (this.closed) {
      this.discard(client);
      this.noteReturn();
    } else if (
      client.status !== 'ready' ||
      client.inFlight > 0 ||
      client.queued > 0 ||
      client.subscriptions > 0
    ) {
      // lost, or with replies or messages to come that are nobody's: not for the next caller
      this.discard(client);
      this.serveByOpening();
    } else this.put(client);
  }

  /** Lends a client for the time of `work`, whatever comes of it. */
  async use<Result>(work: (client: RedisClient) => Promise<Result> | Result): Promise<Result> {
    const client = await this.acquire();
    try {
      return await work(client);
    } finally {
      this.release(client);
    }
  }

  stats(): RedisPoolStats {
    return {
      active: this.lent.size,
      idle: this.idle.length,
      waiting: this.waiters.length,
      total: this.total,
    };
  }

  /** Shows every command of every connection to an observer. Returns the function that ends it. */
  observe<State>(observer: CommandObserver<State>): () => void {
    const entry = observer as CommandObserver;
    const ends = new Map<RedisClient, () => void>();
    this.observers.set(entry, ends);
    for (const client of [...this.lent, ...this.idle.map(({ client }) => client)])
      ends.set(client, client.observe(entry));
    return () => {
      this.observers.delete(entry);
      for (const end of ends.values()) end();
    };
  }

  /** From now on open connections keep the process alive, as they do to begin with. */
  ref(): void {
    this.setRef(true);
  }

  /** From now on idle connections do not keep the process alive; commands under way still do. */
  unref(): void {
    this.setRef(false);
  }

  /**
   * Waits for lent clients to come back, then closes; after `timeout` ms it closes them as they are. Waiters fail at once.
   *
   * @param options.timeout ms, default 5_000.
   */
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('close()', 'timeout', options.timeout);
    return (this.closing ??= this.drain(options.timeout ?? 5_000));
  }

  /** Closes every connection now, the lent ones too. */
  destroy(): void {
    this.stop();
    for (const { client } of this.idle.splice(0)) client.destroy();
    for (const client of this.lent) {
      this.returned.add(client);
      client.destroy();
    }
    this.lent.clear();
    this.noteReturn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toJSON(): RedisPoolStats {
    return this.stats();
  }

  [inspect.custom](): string {
    return `RedisPool ${inspect(this.stats())}`;
  }

  private async drain(timeout: number): Promise<void> {
    this.stop();
    const drained = new Promise<void>((resolve) => {
      this.onDrained = resolve;
    });
    this.noteReturn();
    const timer = setTimeout(() => this.onDrained?.(), timerDelay(timeout));
    await Promise.all([drained, ...this.idle.splice(0).map(({ client }) => client.close({ timeout }))]);
    clearTimeout(timer);
    this.destroy();
  }

  /** One less is lent. */
  private noteReturn(): void {
    if (this.lent.size === 0) this.onDrained?.();
  }

  private get total(): number {
    return this.lent.size + this.idle.length + this.opening.size;
  }

  private setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    for (const client of [...this.lent, ...this.opening, ...this.idle.map((entry) => entry.client)]) {
      if (keepsProcess) client.ref();
      else client.unref();
    }
  }

  private refuseWhenClosed(what: string): void {
    if (this.closed)
      throw new RedisDisconnectedError('CLOSED', `${what}: the pool is closed; make a new one.`);
  }

  /** Opens a connection and hands it to the first who waits, or keeps it. */
  private async open(deadline?: number): Promise<void> {
    const client = this.createClient();
    this.opening.add(client);
    if (!this.keepsProcess) client.unref();
    try {
      await client.connect(deadline === undefined ? {} : { deadline });
    } catch (error) {
      this.opening.delete(client);
      client.destroy();
      throw error;
    }
    for (const [observer, ends] of this.observers) ends.set(client, client.observe(observer));
    // from one count to the other in one step: in between, `max` would seem not to be reached
    this.opening.delete(client);
    this.put(client);
  }

  private lend(client: RedisClient): RedisClient {
    if (this.closed) {
      this.lent.delete(client);
      this.discard(client);
      this.noteReturn();
      this.refuseWhenClosed('acquire()');
    }
    this.lent.add(client);
    return client;
  }

  private refuseToAcquire(signal: AbortSignal | undefined): void {
    this.refuseWhenClosed('acquire()');
    if (signal?.aborted === true) {
      throw new RedisAbortError('acquire() was aborted by its signal.', { cause: signal.reason });
    }
  }

  private async isAlive({ client, since }: IdleClient): Promise<boolean> {
    if (client.status !== 'ready') return false;
    if (performance.now() - since < TRUSTED_IDLE) return true;
    try {
      await client.probe(CHECK_TIMEOUT);
      return true;
    } catch (error) {
      // a refusal is an answer too: MISCONF, LOADING
      return error instanceof RedisServerError;
    }
  }

  private put(client: RedisClient): void {
    const waiter = this.waiters.shift();
    if (waiter !== undefined) {
      this.lent.add(client);
      waiter.resolve(client);
      return;
    }
    if (this.closed) {
      this.discard(client);
      return;
    }
    this.idle.push({ client, since: performance.now() });
    this.sweep();
  }

  private wait(signal: AbortSignal | undefined): Promise<RedisClient> {
    return new Promise((resolve) => {
      const { acquireTimeout, max } = this.size;
      const give = (create: () => RedisError): void => {
        const index = this.waiters.indexOf(waiter);
        if (index === -1) return;
        this.waiters.splice(index, 1);
        settle();
        resolve(rejectLate(create));
      };
      const abort = (): void =>
        give(() => new RedisAbortError('acquire() was aborted by its signal.', { cause: signal?.reason }));
      const settle = (): void => {
        clearTimeout(waiter.timer);
        forgetSignal?.();
      };
      const waiter: Waiter = {
        resolve: (client) => {
          settle();
          resolve(client);
        },
        reject: give,
        timer: undefined,
      };
      if (acquireTimeout > 0) {
        const message = (): string =>
          `acquire(): no connection became free within ${acquireTimeout} ms (\`acquireTimeout\`): ${this.lent.size} of ${max} are lent, ${this.opening.size} are being opened. Is each one released, or is \`max\` too small?`;
        waiter.timer = setTimeout(() => {
          const late = message();
          give(() => new RedisTimeoutError('pool', late));
        }, timerDelay(acquireTimeout));
      }
      const forgetSignal = signal === undefined ? undefined : onceAborted(signal, abort);
      this.waiters.push(waiter);
    });
  }

  /** Opens connections for those who wait, as far as there is room. */
  private serveByOpening(): void {
    if (this.closed) return;
    while (this.waiters.length > this.opening.size && this.total < this.size.max) {
      this.open().catch((error: RedisError) => {
        // the same would befall the next: each is told at once instead of after its whole timeout
        this.waiters[0]?.reject(() => remakeError(error));
        this.serveByOpening();
      });
    }
  }

  private discard(client: RedisClient): void {
    for (const ends of this.observers.values()) ends.delete(client);
    client.destroy();
  }

  /** Closes what sat idle for too long, above `min`. */
  private sweep(): void {
    const { idleTimeout, min } = this.size;
    if (idleTimeout === 0 || this.sweeper !== undefined || this.idle.length === 0) return;
    this.sweeper = setInterval(
      () => {
        const now = performance.now();
        // the oldest stand first: the newest is lent first
        while (this.total > min && this.idle.length > 0 && now - this.idle[0]!.since >= idleTimeout)
          this.discard(this.idle.shift()!.client);
        if (this.total <= min || this.idle.length === 0) this.stopSweeping();
      },
      timerDelay(Math.max(idleTimeout / 2, 20)),
    );
    this.sweeper.unref();
  }

  private stopSweeping(): void {
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }

  private stop(): void {
    this.closed = true;
    for (const client of this.opening) client.destroy();
    this.stopSweeping();
    // each leaves the queue as it is refused
    for (const waiter of this.waiters.slice())
      waiter.reject(() => new RedisDisconnectedError('CLOSED', 'acquire(): the pool was closed.'));
  }
}
