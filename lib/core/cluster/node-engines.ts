import { READONLY } from '../commands/commands.generated.js';
import { Command } from '../connection/command.js';
import type { Connection } from '../connection/connection.js';
import { FixedRoute } from '../connection/route.js';
import type { EngineParts, NodeEngine, NodeRole } from '../engine/client-engine.js';
import { SharedEngine } from '../engine/shared-engine.js';
import { RedisDisconnectedError } from '../errors.js';
import { optionsAt } from '../resolve-options.js';
import type { ClusterNode } from './topology/cluster-node.js';
import type { ClusterTopology } from './topology/cluster-topology.js';

/** Leads to one node whatever becomes of it, and has it answer reads where it is a replica. */
class OnlyNodeRoute extends FixedRoute {
  async prepare(connection: Connection): Promise<void> {
    await connection.request(new Command(READONLY, [], false));
  }
}

/** What talks to one node each, by connections of its own: those of the cluster's client follow the slots, and these must not. */
export class NodeEngines {
  private readonly engines = new Map<ClusterNode, SharedEngine>();
  private keepsProcess = true;
  private isClosed = false;

  constructor(
    private readonly parts: EngineParts,
    private readonly topology: ClusterTopology,
  ) {}

  /** @throws {RedisDisconnectedError} as long as nothing is known of the nodes, and once the client is closed. */
  list(role: NodeRole | undefined): NodeEngine[] {
    if (this.isClosed)
      throw new RedisDisconnectedError('CLOSED', 'nodes(): the client is closed; make a new one.');
    if (!this.topology.isKnown)
      throw new RedisDisconnectedError(
        'DISCONNECTED',
        'nodes(): it is not known yet which nodes the cluster has. Wait for client.connect() first.',
      );
    this.forgetGone();
    const all = [...this.topology.known].filter((node) => role === undefined || node.role === role);
    return all.map((node) => ({
      host: node.host,
      port: node.port,
      role: node.role,
      isReady: node.isReady,
      engine: this.of(node),
    }));
  }

  async close(timeout: number | undefined): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.engines.values()].map((engine) => engine.close(timeout)));
  }

  destroy(): void {
    this.isClosed = true;
    for (const engine of this.engines.values()) engine.destroy();
  }

  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    for (const engine of this.engines.values()) engine.setRef(keepsProcess);
  }

  private of(node: ClusterNode): SharedEngine {
    const old = this.engines.get(node);
    if (old !== undefined && old.status !== 'closing' && old.status !== 'closed') return old;
    const { options, guard, observers, connectionObservers } = this.parts;
    const engine = new SharedEngine({
      options: optionsAt(options, node),
      route: new OnlyNodeRoute({ host: node.host, port: node.port, path: undefined }),
      guard,
      observers,
      connectionObservers,
    });
    engine.setRef(this.keepsProcess);
    this.engines.set(node, engine);
    return engine;
  }

  /** Nodes that left the cluster: nobody gets them any more. */
  private forgetGone(): void {
    for (const [node, engine] of this.engines) {
      if (this.topology.has(node)) continue;
      this.engines.delete(node);
      void engine.close(undefined);
    }
  }
}
