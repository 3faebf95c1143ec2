import type { ConnectionInfo, ConnectionObserver, ConnectionRole } from './connection-observer.js';
import { forgetFailure } from '../forget-failure.js';
import type { ResolvedOptions } from '../resolve-options.js';

/** Those who watch the connections of a client or a pool. */
export class ConnectionObservers {
  /** Is anybody watching? */
  active = false;
  /** Connections that are ready. Counted for those also who begin to watch later. */
  readonly open: Record<ConnectionRole, number> = { shared: 0, pooled: 0, subscriber: 0, monitor: 0 };
  private all: readonly ConnectionObserver[] = [];

  constructor(private readonly options: ResolvedOptions) {}

  /** Returns the function that takes it out again. */
  add(observer: ConnectionObserver): () => void {
    this.set([...this.all, observer]);
    return () => this.set(this.all.filter((other) => other !== observer));
  }

  info(role: ConnectionRole): ConnectionInfo {
    const { host, port, path, database } = this.options;
    return { role, host, port: path === undefined ? port : undefined, path, database };
  }

  /** Calls a hook of each. An observer's fault never reaches the connection. */
  tell(call: (observer: ConnectionObserver) => unknown): void {
    for (const observer of this.all) {
      try {
        forgetFailure(call(observer));
      } catch {
        // see above
      }
    }
  }

  private set(observers: readonly ConnectionObserver[]): void {
    this.all = observers;
    this.active = observers.length > 0;
  }
}
