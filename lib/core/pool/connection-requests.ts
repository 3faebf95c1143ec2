import { onceAborted } from '../abort-signals.js';
import type { DedicatedConnection } from './dedicated-connection.js';
import { RedisAbortError, type RedisError } from '../errors.js';
import { rejectLate } from '../late-error.js';
import { timerDelay } from '../timer-delay.js';

/** How one who asks for a connection waits for it. */
export interface ConnectionRequest {
  readonly signal?: AbortSignal | undefined;
  /** ms; 0 waits for ever. */
  readonly timeout: number;
  /** What it is for, at the beginning of messages: `acquire()`, `BLPOP`. */
  readonly purpose: string;
}

/** What became of a request. */
export type RequestEnd = 'served' | 'late' | 'refused';

interface Waiter {
  readonly request: ConnectionRequest;
  /** Both leave the queue. */
  readonly resolve: (dedicated: DedicatedConnection) => void;
  readonly reject: (create: () => RedisError, end?: RequestEnd) => void;
}

/** Those who wait for a connection, first come, first served. */
export class ConnectionRequests {
  private readonly waiters: Waiter[] = [];

  /**
   * @param late makes the error of one whose time is over.
   * @param onLeft called when one was served, or waits no longer, after `wait` ms.
   */
  constructor(
    private readonly late: (request: ConnectionRequest) => () => RedisError,
    private readonly onLeft: (end: RequestEnd, wait: number) => void,
  ) {}

  get length(): number {
    return this.waiters.length;
  }

  /** The one who came last. */
  get last(): ConnectionRequest | undefined {
    return this.waiters.at(-1)?.request;
  }

  add(request: ConnectionRequest): Promise<DedicatedConnection> {
    const { signal, timeout } = request;
    const since = performance.now();
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
          if (!leave()) return;
          resolve(dedicated);
          this.onLeft('served', performance.now() - since);
        },
        reject: (create, end = 'refused') => {
          if (!leave()) return;
          resolve(rejectLate(create));
          this.onLeft(end, performance.now() - since);
        },
      };
      const giveUp = (): void => waiter.reject(this.late(request), 'late');
      const timer =
        timeout === 0 || timeout === Infinity ? undefined : setTimeout(giveUp, timerDelay(timeout));
      const forgetSignal =
        signal === undefined ? undefined : onceAborted(signal, () => waiter.reject(() => aborted(request)));
      this.waiters.push(waiter);
    });
  }

  /** The first one gets it. */
  serve(dedicated: DedicatedConnection): void {
    this.waiters[0]?.resolve(dedicated);
  }

  /** The first one is told no. */
  refuse(create: () => RedisError): void {
    this.waiters[0]?.reject(create);
  }

  refuseAll(createFor: (request: ConnectionRequest) => RedisError): void {
    for (const { request, reject } of this.waiters.slice()) reject(() => createFor(request));
  }
}

/** The error of one whose signal fired. */
export function aborted({ purpose, signal }: ConnectionRequest): RedisAbortError {
  return new RedisAbortError(`${purpose} was aborted by its signal.`, { cause: signal?.reason });
}
