import type { RedisKey } from '../commands/arguments.js';
import type { EngineParts } from '../engine/client-engine.js';
import type { ConnectionStats, RedisPoolStats } from '../observation/connection-observer.js';
import type { ConnectionPool } from './connection-pool.js';
import type { ConnectionRequest } from './connection-requests.js';
import type { DedicatedConnection } from './dedicated-connection.js';

/** A request for a connection, to the node that has a key where there are several. */
export interface PoolRequest extends ConnectionRequest {
  readonly key: RedisKey | undefined;
}

/** A connection that was lent, and whom it is to be given back to. */
export interface Lent {
  readonly parts: EngineParts;
  readonly dedicated: DedicatedConnection;
  readonly pool: ConnectionPool;
}

/** What a `RedisPool` lends from: the connections to one server, or those to the nodes of a cluster. */
export interface PoolConnections {
  readonly parts: EngineParts;
  /** Is that one of its own? */
  has(pool: ConnectionPool): boolean;
  connect(deadline: number | undefined): Promise<void>;
  acquire(request: PoolRequest): Promise<Lent>;
  /** The same where one is at hand, else undefined. */
  acquireNow(request: PoolRequest): Lent | undefined;
  stats(): RedisPoolStats;
  connectionStats(): ConnectionStats;
  setRef(keepsProcess: boolean): void;
  close(timeout: number | undefined): Promise<void>;
  destroy(): void;
}
