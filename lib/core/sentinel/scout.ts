import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../connection/connection.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { FixedRoute, type Route } from '../connection/route.js';
import { RedisConnectionError } from '../errors.js';
import { optionsAt, type ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress } from '../resolve-topology.js';
import { askRole } from './ask-role.js';
import { unwatchedConnection } from './unwatched-connection.js';

/** How often a server that is about to be promoted is asked whether it has been, ms. */
const INTERVAL = 20;

/**
 * A connection that goes ahead of the others: it sees whether a server is the master, or a replica that hears its master, before
 * any that works is given up for it.
 */
export class Scout {
  private readonly connection: ReconnectingConnection;
  private readonly until: number;

  /** @param patience for how long a server that is not what is wanted yet may become it, ms. */
  constructor(
    options: ResolvedOptions,
    readonly address: ResolvedAddress,
    private readonly patience: number,
    private readonly wanted: 'master' | 'replica' = 'master',
  ) {
    this.until = performance.now() + patience;
    const at = {
      ...optionsAt(options, address),
      // a server cuts its connections while it is promoted
      reconnect: { delay: INTERVAL, factor: 1, maxDelay: INTERVAL, jitter: 0, maxAttempts: Infinity },
    };
    Object.defineProperty(at, 'tls', { get: () => options.tls });
    const fixed = new FixedRoute({ ...address, path: undefined });
    const route: Route = {
      name: fixed.name,
      find: () => fixed.find(),
      prepare: (connection) => this.waitForRole(connection),
    };
    this.connection = unwatchedConnection({ options: at, route }, 'shared');
  }

  /** Is it what is wanted, now or in time? */
  async look(): Promise<boolean> {
    try {
      await this.connection.connect(this.patience === 0 ? undefined : this.patience);
      return true;
    } catch {
      return false;
    } finally {
      this.end();
    }
  }

  end(): void {
    this.connection.destroy();
  }

  private async waitForRole(connection: Connection): Promise<void> {
    for (;;) {
      const { name, hasLink } = await askRole(connection);
      // one that may not be asked is not taken on trust: who is connected stays
      if (this.wanted === 'master' ? name === 'master' : name === 'slave' && hasLink) return;
      if (performance.now() >= this.until)
        throw new RedisConnectionError(
          'connect_failed',
          `Redis at ${connection.name} is not the ${this.wanted}.`,
        );
      await sleep(INTERVAL, undefined, { ref: false });
    }
  }
}
