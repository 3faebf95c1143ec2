import type { RedisCredentials, RedisTlsOptions } from './options.js';

/** The address of one of several servers. */
export interface NodeAddress {
  host: string;
  /** Default 6379, of Sentinels 26379. */
  port?: number | undefined;
}

/**
 * Addresses that servers tell of one another, and those under which they can be reached from here: a record by `'host:port'`, or a
 * function that gives undefined for those that stay as they are.
 */
export type NatMap =
  | Readonly<Record<string, NodeAddress>>
  | ((address: { readonly host: string; readonly port: number }) => NodeAddress | undefined);

/** How to find a master by Sentinels. */
export interface SentinelOptions {
  /** Some of the Sentinels, as `{ host, port }` or `'host:port'`: they tell of the others. */
  nodes: readonly (NodeAddress | string)[];
  /** The name by which the Sentinels know the master. */
  masterName: string;
  /** Of the Sentinels themselves: other than those of the servers, which stand beside `sentinel`. Default: none. */
  username?: string | undefined;
  password?: string | undefined;
  /** Asked anew at every connect to a Sentinel. Instead of `username` and `password`. */
  credentials?: (() => RedisCredentials | Promise<RedisCredentials>) | undefined;
  /** TLS towards the Sentinels. Default: none, whatever the servers have. */
  tls?: boolean | RedisTlsOptions | undefined;
  /** Where servers and Sentinels are reached that tell other addresses than lead there from here. Default: where they say. */
  natMap?: NatMap | undefined;
  /**
   * How often a Sentinel is asked for the master and for its fellows, ms: for the case that no `+switch-master` was heard.
   * Default 10_000; 0 is never.
   */
  pollInterval?: number | undefined;
}

/** A node of a cluster, for those who choose among several. */
export interface ClusterNodeInfo {
  readonly host: string;
  readonly port: number;
  readonly role: 'master' | 'replica';
  /** Is there a connection that commands can take now? */
  readonly isReady: boolean;
}

/**
 * Where reads go: to the slot's master, to one of its replicas, to a replica where one is ready and else to the master; or what a
 * function chooses among the slot's nodes, the master first. Writes go to the master always. Replicas lag behind.
 */
export type ReadFrom =
  | 'master'
  | 'replica'
  | 'preferReplica'
  | ((nodes: readonly ClusterNodeInfo[]) => ClusterNodeInfo | undefined);

/** How to find the nodes of a cluster. */
export interface ClusterOptions {
  /** Some of the nodes, as `{ host, port }` or `'host:port'`: they tell of the others. Default: what `url`, or `host` and `port`, name. */
  nodes?: readonly (NodeAddress | string)[] | undefined;
  /** Default `'master'`. */
  readFrom?: ReadFrom | undefined;
  /** Where nodes are reached that tell other addresses than lead there from here. Default: where they say. */
  natMap?: NatMap | undefined;
  /**
   * What becomes of `mget`, `mset`, `del`, `unlink`, `exists` and `touch` with keys in several slots: refused before anything is
   * sent, or split into a command for each slot, which are not executed as one. Default `'refuse'`.
   */
  crossSlot?: 'refuse' | 'split' | undefined;
  /**
   * How often the map of the slots is asked for, ms; redirects and lost connections have it asked for at once. Default 30_000; 0 is never.
   */
  refreshInterval?: number | undefined;
}
