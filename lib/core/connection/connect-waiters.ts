import { RedisConnectionError, RedisTimeoutError, type RedisError } from '../errors.js';
import { rejectLate, remakeError } from '../late-error.js';
import { clock, ticksFor } from './coarse-clock.js';

interface Waiter {
  resolve: (outcome?: Promise<never>) => void;
  /** Tick; undefined gives up with the first failed attempt. */
  deadline: number | undefined;
  /** The deadline as the caller wrote it, ms. */
  timeout: number;
}

/** Why there is no connection yet. */
export interface WhyUnconnected {
  readonly reason: string;
  readonly cause: RedisError | undefined;
}

/** The error of one who waited for a connection for `timeout` ms. */
export function unreachable(address: string, timeout: number, { reason, cause }: WhyUnconnected): RedisError {
  // it may be what others have left of it
  const what = `Redis at ${address} could not be reached within ${Math.ceil(timeout)} ms: ${reason}`;
  if (cause === undefined) return new RedisTimeoutError('connect', what);
  return new RedisConnectionError('connect_failed', what, { cause, code: cause.code });
}

/** Those who called `connect()` and wait for a connection. */
export class ConnectWaiters {
  private waiters: Waiter[] = [];

  get size(): number {
    return this.waiters.length;
  }

  /** @param timeout ms; Infinity waits for ever, undefined gives up with the first failed attempt. */
  add(timeout: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const deadline = timeout === undefined ? undefined : clock.now + ticksFor(timeout);
      this.waiters.push({ resolve, deadline, timeout: timeout ?? 0 });
    });
  }

  resolveAll(): void {
    for (const { resolve } of this.takeAll()) resolve();
  }

  rejectAll(error: RedisError): void {
    for (const waiter of this.takeAll()) fail(waiter, error);
  }

  /** An attempt failed: those who wanted one attempt only give up. */
  rejectImpatient(error: RedisError): void {
    this.rejectWhere(
      ({ deadline }) => deadline === undefined,
      () => error,
    );
  }

  /** Those whose time is over give up; `cause` is why nothing came of it. */
  expire(now: number, address: string, why: () => WhyUnconnected): void {
    this.rejectWhere(
      ({ deadline }) => deadline !== undefined && now > deadline,
      ({ timeout }) => unreachable(address, timeout, why()),
    );
  }

  private rejectWhere(isOver: (waiter: Waiter) => boolean, errorFor: (waiter: Waiter) => RedisError): void {
    if (this.waiters.length === 0) return;
    const over = this.waiters.filter(isOver);
    this.waiters = this.waiters.filter((waiter) => !isOver(waiter));
    for (const waiter of over) fail(waiter, errorFor(waiter));
  }

  private takeAll(): Waiter[] {
    const all = this.waiters;
    this.waiters = [];
    return all;
  }
}

/** Ends one caller's wait, with an error whose stack is that caller's. */
function fail({ resolve }: Waiter, error: RedisError): void {
  resolve(rejectLate(() => remakeError(error)));
}
