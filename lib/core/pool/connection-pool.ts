import { Backoff } from '../connection/backoff.js';
import { isFatalConnectError } from '../connection/connect-error.js';
import { unreachable } from '../connection/connect-waiters.js';
import type { ConnectionInfo, RedisPoolStats } from '../observation/connection-observer.js';
import type { ConnectionObservers } from '../observation/connection-observers.js';
import { ConnectionWatch } from '../observation/connection-watch.js';
import { DedicatedConnection } from './dedicated-connection.js';
import { RedisDisconnectedError, RedisTimeoutError, type RedisError } from '../errors.js';
import { remakeError } from '../late-error.js';
import type { Destination } from '../connection/route.js';
import { timerDelay } from '../timer-delay.js';
import {
  aborted,
  ConnectionRequests,
  type ConnectionRequest,
  type RequestEnd,
} from './connection-requests.js';
import type { ResolvedPoolSize } from './pool-options.js';

/** What tells one pool from another. */
export interface ConnectionPoolRole {
  /** Name of the option that {@link ResolvedPoolSize.max} came from. */
  readonly maxOption: string;
  /** Name of the option that the timeout of requests comes from. */
  readonly timeoutOption: string;
  /**
   * For the sake of commands: goes on trying to connect for as long as a request waits, as for any command, and serves on closing
   * those who wait already. Else a request is told of the first attempt that failed, and of the end at once.
   */
  readonly isPatient: boolean;
  /** Goes on trying as well, though it refuses all who wait as soon as it is closed: another server takes the place of one that is gone. */
  readonly triesOn?: boolean;
  /** What is lent keeps the process alive, also where what is idle does not. */
  readonly keepsProcessWhileLent: boolean;
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
  private readonly waiters = new ConnectionRequests(
    (request) => this.late(request),
    (end, wait) => this.onRequestLeft(end, wait),
  );
  private readonly backoff: Backoff;
  private readonly info: ConnectionInfo;
  private sweeper: NodeJS.Timeout | undefined;
  /** `min` connections are kept, also where one is lost. */
  private isWarm = false;
  private isClosed = false;
  /** Takes no further requests. */
  private isClosing = false;
  /** Why a connection could not be opened, as long as none could since. */
  private lastFailure: RedisError | undefined;
  private keepsProcess = true;
  private onDrained: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly destination: Destination,
    private readonly size: Omit<ResolvedPoolSize, 'acquireTimeout'>,
    private readonly role: ConnectionPoolRole,
    private readonly observers: ConnectionObservers,
  ) {
    this.info = observers.info('pooled');
    this.backoff = new Backoff(destination.options.reconnect);
  }

  get closed(): boolean {
    return this.isClosed;
  }

  stats(): RedisPoolStats {
    const { min, max } = this.size;
    return {
      active: this.lent.size,
      idle: this.idle.length,
      waiting: this.waiters.length,
      total: this.total,
      min,
      max,
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
    // who came meanwhile may have counted on it
    this.serve();
    throw remakeError(failed.reason as RedisError);
  }

  /** Keeps `min` connections from now on, and waits for none. */
  keepMin(): void {
    if (this.isWarm) return;
    this.isWarm = true;
    this.keepWarm();
  }

  /**
   * Lends a connection that is ready, to be given back by {@link release}.
   *
   * @throws {RedisTimeoutError} kind `'pool'` where all stay lent; why none can be opened; {RedisAbortError}.
   */
  async acquire(request: ConnectionRequest): Promise<DedicatedConnection> {
    const ready = this.acquireNow(request);
    if (ready !== undefined) return ready;
    const dedicated = this.waiters.add(request);
    this.serve();
    return dedicated;
  }

  /** The same without a word to the clock or to the queue, where one is at hand; else undefined. */
  acquireNow(request: ConnectionRequest): DedicatedConnection | undefined {
    this.refuseWhenClosed(request.purpose);
    if (request.signal?.aborted === true) throw aborted(request);
    if (this.waiters.length > 0) return undefined;
    const ready = this.takeTrusted();
    if (ready !== undefined) {
      this.lend(ready);
      if (this.observers.active) this.tellLent(0);
    }
    return ready;
  }

  /** Takes one back that was lent: resets it, or drops it and has another one made where somebody waits. */
  release(dedicated: DedicatedConnection): void {
    if (!this.lent.delete(dedicated)) return;
    if (dedicated.lentAt !== 0) this.tellReturned(dedicated);
    const reset = !this.isClosed && dedicated.reset(CHECK_TIMEOUT);
    if (typeof reset === 'boolean') this.putOrReplace(dedicated, reset);
    else void this.check(dedicated, reset);
    this.noteIfDrained();
  }

  /**
   * Its server is not the one any more: those who wait get this instead, and nothing is kept for who does not ask. It goes on
   * lending where somebody asks all the same.
   */
  vacate(create: () => RedisError): void {
    this.isWarm = false;
    this.waiters.refuseAll(create);
    for (const { dedicated } of this.idle.splice(0)) dedicated.connection.destroy();
  }

  /** Those that are lent are given up, as if they had been lost. */
  drop(message: string): void {
    for (const { connection } of this.lent) connection.drop(message);
  }

  /** Do idle connections keep the process alive? */
  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    this.backoff.setRef(keepsProcess);
    for (const dedicated of this.all()) dedicated.setRef(keepsProcess);
  }

  /** Waits for what is lent to come back, then closes; after `timeout` ms it closes all as they are. */
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
    this.isClosing = true;
    if (!this.role.isPatient) this.stop();
    const drained = new Promise<void>((resolve) => {
      this.onDrained = resolve;
    });
    this.noteIfDrained();
    const timer = setTimeout(() => this.onDrained?.(), timerDelay(timeout));
    await drained;
    clearTimeout(timer);
    this.stop();
    const idle = this.idle.splice(0);
    await Promise.all(idle.map(({ dedicated }) => dedicated.connection.close(timeout)));
    this.destroy();
  }

  private onRequestLeft(end: RequestEnd, wait: number): void {
    if (this.observers.active && end === 'served') this.tellLent(wait);
    else if (this.observers.active && end === 'late') this.tellLate(wait);
    this.noteIfDrained();
  }

  private tellLent(wait: number): void {
    this.observers.tell((observer) => observer.lent?.(this.info, wait));
  }

  private tellLate(wait: number): void {
    this.observers.tell((observer) => observer.lendingTimedOut?.(this.info, wait));
  }

  private tellReturned(dedicated: DedicatedConnection): void {
    const use = performance.now() - dedicated.lentAt;
    dedicated.lentAt = 0;
    this.observers.tell((observer) => observer.returned?.(this.info, use));
  }

  private noteIfDrained(): void {
    if (this.lent.size === 0 && this.waiters.length === 0) this.onDrained?.();
  }

  private stop(): void {
    this.isClosing = true;
    this.isClosed = true;
    this.backoff.cancel();
    this.stopSweeping();
    for (const dedicated of [...this.opening, ...this.checking]) dedicated.connection.destroy();
    this.waiters.refuseAll(({ purpose }) => this.closedError(purpose));
  }

  private refuseWhenClosed(purpose: string): void {
    if (this.isClosing) throw this.closedError(purpose);
  }

  // ── lending ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private lend(dedicated: DedicatedConnection): void {
    this.lent.add(dedicated);
    if (this.observers.active) dedicated.lentAt = performance.now();
    dedicated.setRef(this.keepsProcess || this.role.keepsProcessWhileLent);
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
    // lost on its way here
    if (dedicated.connection.status !== 'ready') {
      this.replace(dedicated);
      return;
    }
    if (this.waiters.length > 0) {
      this.lend(dedicated);
      this.waiters.serve(dedicated);
      return;
    }
    dedicated.setRef(this.keepsProcess);
    this.idle.push({ dedicated, since: performance.now() });
    this.sweep();
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
      // after a failure not at once again, as long as one of those lent may come back
      else if (this.total < this.size.max && (this.lent.size === 0 || !this.backoff.pausing))
        this.openForWaiter();
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
    else this.replace(dedicated);
  }

  private replace(dedicated: DedicatedConnection): void {
    dedicated.connection.destroy();
    this.serve();
    this.keepWarm();
  }

  private openForWaiter(): void {
    const { isPatient, triesOn = isPatient } = this.role;
    // the one that waits longest from now on: whoever is first in the queue then gets it
    const timeout = this.waiters.last?.timeout;
    const deadline = triesOn ? (timeout === 0 ? Infinity : timeout) : undefined;
    const started = performance.now();
    this.open(deadline).catch((error: RedisError) => {
      // those who wait patiently are told by their own clocks
      const isOver = deadline !== undefined && performance.now() - started >= deadline;
      if (isFatalConnectError(error) || (!isOver && this.lent.size === 0)) {
        // the same would befall the next: each is told at once
        this.waiters.refuse(() => remakeError(error));
        this.serve();
      }
      this.goOnLater();
    });
  }

  // ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────────

  /** Opens a connection and hands it to the first who waits, or keeps it. */
  private async open(deadline: number | undefined): Promise<void> {
    const dedicated = new DedicatedConnection(
      this.destination,
      (lost) => this.onLost(lost),
      new ConnectionWatch(this.observers, 'pooled'),
    );
    this.opening.add(dedicated);
    dedicated.setRef(this.keepsProcess);
    try {
      await dedicated.connection.connect(deadline);
    } catch (error) {
      this.opening.delete(dedicated);
      dedicated.connection.destroy();
      this.lastFailure = error as RedisError;
      throw error;
    }
    this.lastFailure = undefined;
    // from one count to the other in one step: in between, `max` would seem not to be reached
    this.opening.delete(dedicated);
    this.backoff.reset();
    this.put(dedicated);
    // another attempt may have failed, and its pause is over with that
    this.keepWarm();
  }

  /** A connection has ended. One that is lent is its borrower's until it comes back. */
  private onLost(dedicated: DedicatedConnection): void {
    const index = this.idle.findIndex((entry) => entry.dedicated === dedicated);
    if (index === -1) return;
    this.idle.splice(index, 1);
    dedicated.connection.destroy();
    this.goOnLater();
  }

  /** Opens what `min` lacks, in the background. */
  private keepWarm(): void {
    if (!this.isWarm || this.isClosing || this.backoff.pausing) return;
    const missing = this.size.min - this.total;
    for (let nth = 0; nth < missing; nth++) {
      this.open(undefined).catch(() => {
        this.serve();
        this.goOnLater();
      });
    }
  }

  /** What is missing is opened after a pause of `reconnect`'s, which grow as long as none can be opened. */
  private goOnLater(): void {
    const isWanted = this.isWarm || this.waiters.length > 0;
    if (this.isClosed || this.backoff.pausing || !isWanted) return;
    this.backoff.failed();
    this.backoff.pause(() => {
      this.serve();
      this.keepWarm();
    });
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
  private late({ purpose, timeout }: ConnectionRequest): () => RedisError {
    const { maxOption, timeoutOption } = this.role;
    const [first] = this.opening;
    if (this.lent.size === 0 && first !== undefined) {
      const { connection } = first;
      const why = connection.whyUnconnected();
      return () => unreachable(connection.address, timeout, why);
    }
    const { lent, opening, size, lastFailure: cause } = this;
    const message = `${purpose}: no connection became free within ${Math.ceil(timeout)} ms (\`${timeoutOption}\`): ${lent.size} of ${size.max} are lent, ${opening.size} are being opened. Is each one released, or is \`${maxOption}\` too small?`;
    return () => new RedisTimeoutError('pool', message, { cause });
  }

  private closedError(purpose: string): RedisDisconnectedError {
    const what = this.role.isPatient ? 'client' : 'pool';
    return new RedisDisconnectedError('CLOSED', `${purpose}: the ${what} is closed; make a new one.`);
  }
}
