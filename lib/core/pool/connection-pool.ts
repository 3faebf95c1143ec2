import { onceAborted } from '../abort-signals.js';
import { Backoff } from '../connection/backoff.js';
import { isFatalConnectError } from '../connection/connect-error.js';
import { unreachable } from '../connection/connect-waiters.js';
import { DedicatedConnection } from '../connection/dedicated-connection.js';
import { RedisAbortError, RedisDisconnectedError, RedisTimeoutError, type RedisError } from '../errors.js';
import { rejectLate, remakeError } from '../late-error.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { timerDelay } from '../timer-delay.js';
import type { ResolvedPoolSize } from './pool-options.js';

/** Connections by what they do; `active + idle` may be less than `total` while some are being opened or looked at. */
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

/** How one who asks for a connection may be told no. */
export interface AcquireRequest {
  readonly signal?: AbortSignal | undefined;
  /** ms; 0 waits for ever. */
  readonly timeout: number;
  /** What it is for, at the beginning of messages: `acquire()`, `BLPOP`. */
  readonly purpose: string;
}

/** What tells one pool from another. */
export interface ConnectionPoolRole {
  /** Name of the option that {@link ResolvedPoolSize.max} came from. */
  readonly maxOption: string;
  /** Name of the option that the timeout of requests comes from. */
  readonly timeoutOption: string;
  /** Go on trying to connect for as long as a request waits, instead of telling it of the first attempt that failed. */
  readonly isPatient: boolean;
}

interface Waiter {
  readonly request: AcquireRequest;
  /** Both leave the queue. */
  readonly resolve: (dedicated: DedicatedConnection) => void;
  readonly reject: (create: () => RedisError) => void;
}

interface IdleConnection {
  readonly dedicated: DedicatedConnection;
  readonly since: number;
}

/** A connection that sat idle this long (ms) is PINGed before it is lent: a firewall may have forgotten it. */
const TRUSTED_IDLE = 1_000;
const CHECK_TIMEOUT = 1_000;

/**
 * Connections that are lent to one caller each. Who waits is served first come, first served; broken connections are replaced.
 *
 *     being opened ─┐
 *                   ├─▶ a waiter, or idle ──▶ lent ──▶ reset: a waiter, or idle
 *     being PINGed ─┘                           └────▶ dropped
 */
export class ConnectionPool {
  private readonly idle: IdleConnection[] = [];
  private readonly lent = new Set<DedicatedConnection>();
  /** On their way to a waiter: each is for one. */
  private readonly opening = new Set<DedicatedConnection>();
  private readonly checking = new Set<DedicatedConnection>();
  private readonly waiters: Waiter[] = [];
  private readonly backoff: Backoff;
  private sweeper: NodeJS.Timeout | undefined;
  /** `min` connections are kept, also where one is lost. */
  private isWarm = false;
  private isClosed = false;
  private keepsProcess = true;
  private onDrained: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly size: ResolvedPoolSize,
    private readonly role: ConnectionPoolRole,
  ) {
    this.backoff = new Backoff(options.reconnect);
  }

  get closed(): boolean {
    return this.isClosed;
  }

  stats(): RedisPoolStats {
    return {
      active: this.lent.size,
      idle: this.idle.length,
      waiting: this.waiters.length,
      total: this.total,
    };
  }

  /** Opens `min` connections now, and keeps so many from then on. What could be opened stays open, also where another failed. */
  async connect(deadline: number | undefined): Promise<void> {
    this.refuseWhenClosed('connect()');
    this.isWarm = true;
    const outcomes = await Promise.allSettled(
      Array.from({ length: Math.max(this.size.min - this.total, 0) }, () => this.open(deadline)),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    this.keepWarm();
    throw remakeError(failed.reason as RedisError);
  }

  /**
   * Lends a connection that is ready, to be given back by {@link release}.
   *
   * @throws {RedisTimeoutError} kind `'pool'` where all stay lent; why none can be opened; {RedisAbortError}.
   */
  async acquire(request: AcquireRequest): Promise<DedicatedConnection> {
    const { purpose, signal } = request;
    this.refuseWhenClosed(purpose);
    if (signal?.aborted === true) throw aborted(request);
    // without a word to the clock or to the queue where one is at hand
    const ready = this.waiters.length === 0 ? this.takeTrusted() : undefined;
    if (ready !== undefined) {
      this.lend(ready);
      return ready;
    }
    const dedicated = this.wait(request);
    this.serve();
    return dedicated;
  }

  /** Takes one back that was lent: resets it, or drops it and has another one made where somebody waits. */
  release(dedicated: DedicatedConnection): void {
    if (!this.lent.delete(dedicated)) return;
    const reset = !this.isClosed && dedicated.reset(CHECK_TIMEOUT);
    if (typeof reset === 'boolean') this.putOrReplace(dedicated, reset);
    else void this.check(dedicated, reset);
    if (this.lent.size === 0) this.onDrained?.();
  }

  /** Do idle connections keep the process alive? */
  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    this.backoff.setRef(keepsProcess);
    for (const dedicated of this.all()) dedicated.setRef(keepsProcess);
  }

  /** Waits for what is lent to come back, then closes; after `timeout` ms it closes them as they are. Waiters fail at once. */
  async close(timeout = 5_000): Promise<void> {
    return (this.closing ??= this.drain(timeout));
  }

  /** Closes every connection now, the lent ones too. */
  destroy(): void {
    this.stop();
    // a copy: each that ends takes itself out
    const all = [...this.all()];
    for (const { connection } of all) connection.destroy();
    this.lent.clear();
    this.onDrained?.();
  }

  private get total(): number {
    return this.lent.size + this.idle.length + this.opening.size + this.checking.size;
  }

  private *all(): Iterable<DedicatedConnection> {
    for (const { dedicated } of this.idle) yield dedicated;
    yield* this.lent;
    yield* this.opening;
    yield* this.checking;
  }

  private async drain(timeout: number): Promise<void> {
    this.stop();
    const drained = new Promise<void>((resolve) => {
      this.onDrained = resolve;
    });
    if (this.lent.size === 0) this.onDrained?.();
    const timer = setTimeout(() => this.onDrained?.(), timerDelay(timeout));
    const idle = this.idle.splice(0);
    await Promise.all([drained, ...idle.map(({ dedicated }) => dedicated.connection.close(timeout))]);
    clearTimeout(timer);
    this.destroy();
  }

  private stop(): void {
    this.isClosed = true;
    this.backoff.cancel();
    this.stopSweeping();
    for (const dedicated of [...this.opening, ...this.checking]) dedicated.connection.destroy();
    // each leaves the queue as it is refused
    for (const { request, reject } of this.waiters.slice()) reject(() => closedError(request.purpose));
  }

  private refuseWhenClosed(purpose: string): void {
    if (this.isClosed) throw closedError(purpose);
  }

  // ── lending ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private lend(dedicated: DedicatedConnection): void {
    this.lent.add(dedicated);
    dedicated.setRef(true);
  }

  /** The one that came back last, if it was not long ago. */
  private takeTrusted(): DedicatedConnection | undefined {
    const entry = this.idle.at(-1);
    if (entry === undefined || performance.now() - entry.since >= TRUSTED_IDLE) return undefined;
    this.idle.pop();
    return entry.dedicated;
  }

  /** To the first who waits, or to the idle ones. */
  private put(dedicated: DedicatedConnection): void {
    if (this.isClosed) {
      dedicated.connection.destroy();
      return;
    }
    const waiter = this.waiters[0];
    if (waiter !== undefined) {
      this.lend(dedicated);
      waiter.resolve(dedicated);
      return;
    }
    dedicated.setRef(this.keepsProcess);
    this.idle.push({ dedicated, since: performance.now() });
    this.sweep();
  }

  private wait(request: AcquireRequest): Promise<DedicatedConnection> {
    const { signal, timeout } = request;
    return new Promise((resolve) => {
      const leave = (): boolean => {
        const index = this.waiters.indexOf(waiter);
        if (index === -1) return false;
        this.waiters.splice(index, 1);
        clearTimeout(timer);
        forgetSignal?.();
        return true;
      };
      const waiter: Waiter = {
        request,
        resolve: (dedicated) => {
          if (leave()) resolve(dedicated);
        },
        reject: (create) => {
          if (leave()) resolve(rejectLate(create));
        },
      };
      const giveUp = (): void => waiter.reject(this.late(request));
      const timer =
        timeout === 0 || timeout === Infinity ? undefined : setTimeout(giveUp, timerDelay(timeout));
      const forgetSignal =
        signal === undefined ? undefined : onceAborted(signal, () => waiter.reject(() => aborted(request)));
      this.waiters.push(waiter);
    });
  }

  /** Has a connection made ready for each who waits, as far as there is room. */
  private serve(): void {
    while (!this.isClosed && this.waiters.length > this.opening.size + this.checking.size) {
      const trusted = this.takeTrusted();
      if (trusted !== undefined) {
        this.put(trusted);
        continue;
      }
      const stale = this.idle.pop();
      if (stale !== undefined) void this.check(stale.dedicated, stale.dedicated.isAlive(CHECK_TIMEOUT));
      else if (this.total < this.size.max) this.openForWaiter();
      else return;
    }
  }

  private async check(dedicated: DedicatedConnection, isFit: Promise<boolean>): Promise<void> {
    this.checking.add(dedicated);
    const fit = await isFit;
    this.checking.delete(dedicated);
    this.putOrReplace(dedicated, fit);
  }

  private putOrReplace(dedicated: DedicatedConnection, isFit: boolean): void {
    if (isFit) this.put(dedicated);
    else {
      dedicated.connection.destroy();
      this.serve();
      this.keepWarm();
    }
  }

  private openForWaiter(): void {
    const { isPatient } = this.role;
    const timeout = this.waiters.at(-1)?.request.timeout;
    const deadline = isPatient ? (timeout === 0 ? Infinity : timeout) : undefined;
    const started = performance.now();
    this.open(deadline).catch((error: RedisError) => {
      // the same would befall the next: each is told at once. A patient one is told by its own clock
      const isOver = deadline !== undefined && performance.now() - started >= deadline;
      if (!isOver || isFatalConnectError(error)) this.waiters[0]?.reject(() => remakeError(error));
      this.serve();
    });
  }

  // ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────────

  /** Opens a connection and hands it to the first who waits, or keeps it. */
  private async open(deadline: number | undefined): Promise<void> {
    const dedicated = new DedicatedConnection(this.options, (lost) => this.onLost(lost));
    this.opening.add(dedicated);
    dedicated.setRef(this.keepsProcess);
    try {
      await dedicated.connection.connect(deadline);
    } catch (error) {
      this.opening.delete(dedicated);
      dedicated.connection.destroy();
      throw error;
    }
    // from one count to the other in one step: in between, `max` would seem not to be reached
    this.opening.delete(dedicated);
    this.backoff.reset();
    this.put(dedicated);
  }

  /** A connection has ended. One that is lent is its borrower's until it comes back. */
  private onLost(dedicated: DedicatedConnection): void {
    const index = this.idle.findIndex((entry) => entry.dedicated === dedicated);
    if (index === -1) return;
    this.idle.splice(index, 1);
    dedicated.connection.destroy();
    this.keepWarm();
  }

  /** Opens what `min` lacks, in the background; after a failure again, with the pauses of `reconnect`. */
  private keepWarm(): void {
    if (!this.isWarm || this.isClosed || this.backoff.pausing) return;
    const missing = this.size.min - this.total;
    for (let nth = 0; nth < missing; nth++) {
      this.open(undefined).catch(() => {
        this.serve();
        this.backoff.failed();
        if (!this.isClosed && !this.backoff.pausing) this.backoff.pause(() => this.keepWarm());
      });
    }
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
          this.idle.shift()!.dedicated.connection.destroy();
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

  /** Why a request was not served in its time. */
  private late({ purpose, timeout }: AcquireRequest): () => RedisError {
    const { maxOption, timeoutOption } = this.role;
    const [first] = this.opening;
    if (this.lent.size === 0 && first !== undefined) {
      const { connection } = first;
      const why = connection.whyUnconnected();
      return () => unreachable(connection.address, timeout, why);
    }
    const { lent, opening, size } = this;
    const message = `${purpose}: no connection became free within ${timeout} ms (\`${timeoutOption}\`): ${lent.size} of ${size.max} are lent, ${opening.size} are being opened. Is each one released, or is \`${maxOption}\` too small?`;
    return () => new RedisTimeoutError('pool', message);
  }
}

function closedError(purpose: string): RedisDisconnectedError {
  return new RedisDisconnectedError('CLOSED', `${purpose}: the pool is closed; make a new one.`);
}

function aborted({ purpose, signal }: AcquireRequest): RedisAbortError {
  return new RedisAbortError(`${purpose} was aborted by its signal.`, { cause: signal?.reason });
}
