import { setTimeout as sleep } from 'node:timers/promises';
import { isFatalConnectError } from '../connection/connect-error.js';
import type { ConnectionEvents } from '../connection/connection-hooks.js';
import type { EngineParts } from '../engine/client-engine.js';
import { createParts } from '../engine/create-parts.js';
import type { SharedEngine } from '../engine/shared-engine.js';
import { RedisConnectionError } from '../errors.js';
import type { ConnectionStats, RedisPoolStats } from '../observation/connection-observer.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Lent, PoolConnections, PoolRequest } from '../pool/pool-connections.js';
import type { ResolvedPoolSize } from '../pool/pool-options.js';
import { OF_POOL } from '../pool/server-connections.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { TimeLimit } from '../time-limit.js';
import { TypedEvents } from '../typed-events.js';
import { connectToMasters } from './connect-to-masters.js';
import { ClusterRouter } from './routing/cluster-router.js';
import { onMaster, type OnMaster } from './routing/on-master.js';
import { slotOfKey } from './slots/command-slot.js';
import { sumOfStats } from './sum-of-stats.js';

/** ms between two attempts at a master that cannot be reached: another node may have taken its place. */
const PAUSE = 100;

/**
 * Those of a `RedisPool` to the masters of a cluster, `max` to each. Beside them a connection to a node is made to ask for the map of
 * the slots.
 */
export class ClusterConnections implements PoolConnections {
  readonly parts: EngineParts;
  private readonly router: ClusterRouter;
  private readonly pools = new WeakSet<ConnectionPool>();
  /** `min` connections to each master are kept. */
  private isWarm = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly size: ResolvedPoolSize,
  ) {
    const events = new TypedEvents<ConnectionEvents>();
    const lends = { size, role: OF_POOL };
    this.router = new ClusterRouter(options, () => ({
      parts: { ...this.parts, lends },
      events,
      resend: (command) => this.router.hold(command),
      onMap: () => this.keepMin(),
    }));
    this.parts = createParts(options, this.router.anyNode);
  }

  has(pool: ConnectionPool): boolean {
    return this.pools.has(pool);
  }

  /** To every master; one that cannot be reached is no reason to fail, and is tried again in the background. */
  async connect(deadline: number | undefined): Promise<void> {
    try {
      await connectToMasters(this.router, deadline, (engine) => engine.lending.connect(undefined));
    } finally {
      this.isWarm = true;
    }
  }

  async acquire(request: PoolRequest): Promise<Lent> {
    const { timeout, signal, purpose } = request;
    const asked = { slot: this.slotFor(request), what: purpose, timeout, signal };
    const limit = new TimeLimit(timeout);
    for (;;) {
      try {
        return await this.acquireOnce({ ...asked, timeout: timeout === 0 ? 0 : limit.left });
      } catch (error) {
        const mayPass = error instanceof RedisConnectionError && !isFatalConnectError(error);
        if (!mayPass || limit.endsWithin(PAUSE)) throw error;
        // nobody serves that slot for now: its master may be about to be replaced
        await sleep(PAUSE, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  acquireNow(request: PoolRequest): Lent | undefined {
    const slot = this.slotFor(request);
    if (!this.router.topology.isKnown) return undefined;
    const { engine } = this.router.masterOf(slot);
    const dedicated = engine.lending.acquireNow(request);
    return dedicated === undefined ? undefined : this.lent(engine, dedicated);
  }

  /** Those to all nodes together; `min` and `max` as well. */
  stats(): RedisPoolStats {
    const masters = Math.max(1, this.router.topology.masters.length);
    const { min, max } = this.size;
    return sumOfStats(this.router.engines, { min: min * masters, max: max * masters });
  }

  connectionStats(): ConnectionStats {
    return { open: { ...this.parts.connectionObservers.open }, lending: this.stats() };
  }

  setRef(keepsProcess: boolean): void {
    this.router.setRef(keepsProcess);
  }

  async close(timeout: number | undefined): Promise<void> {
    this.router.beginClose();
    await Promise.all(this.router.engines.map((engine) => engine.close(timeout)));
    this.router.finishClose();
  }

  destroy(): void {
    this.router.beginClose();
    for (const engine of this.router.engines) engine.destroy();
    this.router.finishClose();
  }

  /** To those that became masters since, too. */
  private keepMin(): void {
    if (!this.isWarm) return;
    for (const { engine } of this.router.topology.masters) engine.lending.keepMin();
  }

  private acquireOnce(asked: OnMaster): Promise<Lent> {
    return onMaster(this.router, asked, async (engine, wait) => {
      const dedicated = await engine.lending.acquire({ ...wait, purpose: asked.what });
      return this.lent(engine, dedicated);
    });
  }

  private lent(engine: SharedEngine, dedicated: Lent['dedicated']): Lent {
    this.pools.add(engine.lending);
    return { parts: engine, dedicated, pool: engine.lending };
  }

  private slotFor({ key }: PoolRequest): number {
    if (key === undefined)
      throw new TypeError(
        "A pool lends connections to one node of the cluster each. Say which by a key that it has: pool.acquire({ key: 'user:1' }), pool.use(work, { key: 'user:1' }).",
      );
    return slotOfKey(key, this.options.keyPrefix);
  }
}
