import type { ConnectionAttemptOutcome, ConnectionInfo, ConnectionRole } from './connection-observer.js';
import type { ConnectionObservers } from './connection-observers.js';
import { traceConnect } from './diagnostics-channels.js';
import type { Address } from '../connection/open-socket.js';
import type { DisconnectReason, RedisError } from '../errors.js';

interface Attempt {
  /** ms. */
  readonly started: number;
  readonly isReconnect: boolean;
  /** Tells the diagnostics channel how it went. */
  readonly ended: ((error: RedisError | undefined) => void) | undefined;
}

/** Keeps the books of one connection that is made again and again, and tells those who watch. */
export class ConnectionWatch {
  private info: ConnectionInfo;
  private attempt: Attempt | undefined;
  /** When the search for the address began, ms; 0 where there was nothing to search. */
  private searching = 0;

  constructor(
    private readonly observers: ConnectionObservers,
    role: ConnectionRole,
  ) {
    this.info = observers.info(role);
  }

  /** The address of the attempt to come is looked for: its time counts from here. */
  search(): void {
    this.searching = performance.now();
  }

  /**
   * An attempt begins.
   *
   * @param isReconnect a connection stood before.
   * @param address where to; undefined where none could be found.
   */
  connecting(isReconnect: boolean, address: Address | undefined): void {
    if (address !== undefined) this.goTo(address);
    const { observers, info } = this;
    const started = this.searching === 0 ? performance.now() : this.searching;
    this.searching = 0;
    this.attempt = { started, isReconnect, ended: traceConnect(info, isReconnect) };
    if (observers.active) observers.tell((observer) => observer.connecting?.(info, isReconnect));
  }

  /** It is ready. */
  opened(): void {
    const { observers, info } = this;
    observers.open[info.role]++;
    const outcome = this.endAttempt(undefined);
    if (observers.active) observers.tell((observer) => observer.opened?.(info, outcome));
  }

  /** The attempt came to nothing. */
  failed(error: RedisError): void {
    const { observers, info } = this;
    const outcome = this.endAttempt(error);
    if (observers.active) observers.tell((observer) => observer.failed?.(info, error, outcome));
  }

  /** What was ready has ended. */
  closed(reason: DisconnectReason, error: RedisError): void {
    const { observers, info } = this;
    observers.open[info.role]--;
    if (observers.active) observers.tell((observer) => observer.closed?.(info, { reason, error }));
  }

  private goTo({ host, port, path }: Address): void {
    const { info } = this;
    if (path === undefined && (info.host !== host || info.port !== port)) this.info = { ...info, host, port };
  }

  private endAttempt(error: RedisError | undefined): ConnectionAttemptOutcome {
    const { started, isReconnect, ended } = this.attempt!;
    this.attempt = undefined;
    ended?.(error);
    return { duration: performance.now() - started, isReconnect };
  }
}
