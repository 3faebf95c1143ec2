import type { RedisPoolStats, SubscriberStatus } from '../core/index.js';

/** As Terminus knows it, from best to worst. */
export type HealthStatus = 'up' | 'degraded' | 'down';

/** Occupancy of lent connections. */
export interface PoolHealth extends RedisPoolStats {
  /** Of `max`, the share that is lent: 0 to 1. */
  readonly usage: number;
}

/** Where subscriptions listen. */
export interface SubscriberHealth {
  readonly state: SubscriberStatus['state'];
  readonly subscriptions: number;
  /** Time to the answer of its own PING, ms. */
  readonly latency?: number;
  /** Since when nothing is heard, as an ISO date. */
  readonly deafSince?: string;
}

/** One node of a cluster. */
export interface NodeHealth {
  /** `host:port`. */
  readonly address: string;
  readonly role: 'master' | 'replica';
  /** Of the connection to it: `idle` where nothing was ever sent there, which is no fault of the node. */
  readonly state: string;
  /** Time to the answer of PING, ms. */
  readonly latency?: number;
  /** Why it did not answer. */
  readonly message?: string;
}

/**
 * What a check says about one connection. `address`, `state` and `latency` are of the one server behind it, with Sentinels of
 * the present master. Of a cluster `nodes` tells of each, and `latency` is the slowest answer of a master.
 */
export interface ConnectionHealth {
  readonly status: HealthStatus;
  readonly connection: string;
  readonly address: string | undefined;
  readonly state: string | undefined;
  /** Time to the answer of PING, ms. */
  readonly latency?: number;
  /** With `cluster`: its masters, and the replicas that were read from. */
  readonly nodes?: readonly NodeHealth[];
  readonly pool: PoolHealth | undefined;
  /** Connections that the client lends for transactions, blocking commands and `dedicated()`. */
  readonly dedicated: PoolHealth | undefined;
  readonly subscriber?: SubscriberHealth;
  /** Handlers of messages and streams that should listen and do not, by class and method. */
  readonly deafHandlers?: readonly string[];
  /** Why it is not `up`. */
  readonly message?: string;
}

const ORDER: readonly HealthStatus[] = ['up', 'degraded', 'down'];

export function worst(statuses: Iterable<HealthStatus>): HealthStatus {
  return ORDER[Math.max(0, ...[...statuses].map((status) => ORDER.indexOf(status)))]!;
}
