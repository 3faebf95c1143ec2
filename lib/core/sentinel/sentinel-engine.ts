import type { ClientEngine } from '../engine/client-engine.js';
import { createParts } from '../engine/create-parts.js';
import { SharedEngine } from '../engine/shared-engine.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { ResolvedSentinel } from '../resolve-topology.js';
import { ReplicaEngine } from './replica-engine.js';
import { ReplicaRoute } from './replica-route.js';
import { SentinelRoute } from './sentinel-route.js';
import { Sentinels } from './sentinels.js';

/** The engine of a client whose master Sentinels name, and beside it one for reads from replicas. */
export class SentinelEngine extends SharedEngine {
  private readonly replicaRoute: ReplicaRoute;
  private replicaEngine: ReplicaEngine | undefined;
  private keepsProcess = true;

  constructor(options: ResolvedOptions, settings: ResolvedSentinel) {
    const sentinels = new Sentinels(options, settings);
    const replicas = new ReplicaRoute(options, sentinels);
    const route = new SentinelRoute(options, sentinels, (address) => replicas.onMaster(address));
    super(createParts(options, route));
    this.replicaRoute = replicas;
  }

  override get replicas(): ClientEngine {
    if (this.replicaEngine === undefined) {
      this.replicaEngine = new ReplicaEngine({
        options: this.options,
        route: this.replicaRoute,
        guard: this.guard,
        observers: this.observers,
        connectionObservers: this.connectionObservers,
      });
      this.replicaEngine.setRef(this.keepsProcess);
      if (this.status === 'closing' || this.status === 'closed') this.replicaEngine.destroy();
    }
    return this.replicaEngine;
  }

  override async close(timeout: number | undefined): Promise<void> {
    await Promise.all([super.close(timeout), this.replicaEngine?.close(timeout)]);
  }

  override destroy(): void {
    super.destroy();
    this.replicaEngine?.destroy();
  }

  override setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    super.setRef(keepsProcess);
    this.replicaEngine?.setRef(keepsProcess);
  }
}
