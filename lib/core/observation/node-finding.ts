import type { ConnectionStatus } from '../connection/connection-hooks.js';

/** What a look at one server gave. */
export interface NodeFinding {
  /** `host:port`, or the Unix socket's path. */
  readonly address: string;
  /** Its part in the cluster; undefined elsewhere. */
  readonly role: 'master' | 'replica' | undefined;
  /** Of the connection that commands take. `idle`: nothing was ever sent to it. */
  readonly state: ConnectionStatus;
  /** From the PING to its answer, ms; undefined where none came. */
  readonly latency: number | undefined;
  /** Why there is no answer. */
  readonly error: Error | undefined;
}

/** What a look at the servers behind a client gave. */
export interface NodesFinding {
  readonly nodes: readonly NodeFinding[];
  /** Of a cluster: slots that no node serves, as far as is known; all of them as long as nothing is known. Elsewhere 0. */
  readonly uncoveredSlots: number;
}
