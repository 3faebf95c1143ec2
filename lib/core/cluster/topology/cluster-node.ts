import type { Address } from '../../connection/open-socket.js';
import type { SharedEngine } from '../../engine/shared-engine.js';
import type { Road } from '../../observation/command-infos.js';
import type { Peer } from '../../observation/observer.js';
import type { ResolvedAddress } from '../../resolve-topology.js';
import type { ClusterNodeInfo } from '../../topology-options.js';
import { keyOf } from '../slots/slot-map.js';

/** A node of a cluster: its address, its part in it, and the connections to it, opened at first use. */
export class ClusterNode implements ClusterNodeInfo, Road {
  readonly host: string;
  readonly port: number;
  /** Whom the map of the slots last had it for. */
  role: 'master' | 'replica' = 'master';
  /** Where its connections go. */
  readonly target: Address;
  /** Its last connection was lost, or could not be made. */
  isTroubled = false;
  /** Tick until which it is kept although no map has it: it takes over its first slots. */
  keptUntil = 0;
  private own: SharedEngine | undefined;

  /** @param create makes what does its work; called at first use. */
  constructor(
    address: ResolvedAddress,
    private readonly create: (node: ClusterNode) => SharedEngine,
  ) {
    this.host = address.host;
    this.port = address.port;
    this.target = { host: address.host, port: address.port, path: undefined };
  }

  get key(): string {
    return keyOf(this);
  }

  /** Its connections. */
  get engine(): SharedEngine {
    return (this.own ??= this.create(this));
  }

  /** The same, where anything was ever sent to it. */
  get usedEngine(): SharedEngine | undefined {
    return this.own;
  }

  /** The other end of the connection that its commands share. */
  get peer(): Peer | undefined {
    return this.own?.connection.peer;
  }

  get isReady(): boolean {
    return this.own?.connection.status === 'ready';
  }
}

/** A master and its replicas. */
export class Shard {
  private turn = 0;

  constructor(
    readonly master: ClusterNode,
    readonly replicas: readonly ClusterNode[],
  ) {}

  /** The replicas one after the other: one that is ready, where any is; else one that may be as soon as it is asked, or any. */
  nextReplica(): ClusterNode | undefined {
    const { replicas } = this;
    let best: ClusterNode | undefined;
    for (let tried = 0; tried < replicas.length; tried++) {
      const replica = replicas[this.turn++ % replicas.length]!;
      if (replica.isReady) return replica;
      if (best === undefined || (best.isTroubled && !replica.isTroubled)) best = replica;
    }
    return best;
  }
}
