import { createMasterRoute } from '../engine/create-master-route.js';
import { createParts } from '../engine/create-parts.js';
import type { EngineParts } from '../engine/client-engine.js';
import type { ConnectionStats, RedisPoolStats } from '../observation/connection-observer.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { ConnectionPool, type ConnectionPoolRole } from './connection-pool.js';
import type { DedicatedConnection } from './dedicated-connection.js';
import type { Lent, PoolConnections, PoolRequest } from './pool-connections.js';
import type { ResolvedPoolSize } from './pool-options.js';

/** How the connections of a `RedisPool` are lent. */
export const OF_POOL: ConnectionPoolRole = {
  maxOption: 'max',
  timeoutOption: 'acquireTimeout',
  isPatient: false,
  keepsProcessWhileLent: false,
};

/** Those to one server, or to the one that Sentinels name. */
export class ServerConnections implements PoolConnections {
  readonly parts: EngineParts;
  private readonly pool: ConnectionPool;

  constructor(options: ResolvedOptions, size: ResolvedPoolSize) {
    this.parts = createParts(options, createMasterRoute(options));
    const role = { ...OF_POOL, triesOn: options.sentinel !== undefined };
    this.pool = new ConnectionPool(this.parts, size, role, this.parts.connectionObservers);
  }

  has(pool: ConnectionPool): boolean {
    return pool === this.pool;
  }

  connect(deadline: number | undefined): Promise<void> {
    return this.pool.connect(deadline);
  }

  async acquire(request: PoolRequest): Promise<Lent> {
    return this.lent(await this.pool.acquire(request));
  }

  acquireNow(request: PoolRequest): Lent | undefined {
    const dedicated = this.pool.acquireNow(request);
    return dedicated === undefined ? undefined : this.lent(dedicated);
  }

  stats(): RedisPoolStats {
    return this.pool.stats();
  }

  connectionStats(): ConnectionStats {
    return { open: { ...this.parts.connectionObservers.open }, lending: this.stats() };
  }

  setRef(keepsProcess: boolean): void {
    this.pool.setRef(keepsProcess);
  }

  close(timeout: number | undefined): Promise<void> {
    return this.pool.close(timeout);
  }

  destroy(): void {
    this.pool.destroy();
  }

  private lent(dedicated: DedicatedConnection): Lent {
    return { parts: this.parts, dedicated, pool: this.pool };
  }
}
