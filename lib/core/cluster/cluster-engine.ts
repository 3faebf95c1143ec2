import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { refuse } from '../connection/command-errors.js';
import type { Command } from '../connection/command.js';
import type { ConnectionEvents, ConnectionStatus } from '../connection/connection-hooks.js';
import type { PendingCommand } from '../connection/pending-command.js';
import {
  ClientEngine,
  type DedicatedOptions,
  type KeyScanStep,
  type NodeEngine,
  type NodeRole,
  type Wait,
} from '../engine/client-engine.js';
import { createParts } from '../engine/create-parts.js';
import type { RedisError } from '../errors.js';
import type { Monitors } from '../monitor/monitors.js';
import type { Road, ShownCommand } from '../observation/command-infos.js';
import type { ConnectionStats } from '../observation/connection-observer.js';
import type { NodesFinding } from '../observation/node-finding.js';
import type { CallOptions } from '../options.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import type { Subscriber, SubscriberHooks } from '../pubsub/subscriber.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { ReadFrom } from '../topology-options.js';
import type { QueuedCommand } from '../transaction/queued-commands.js';
import { TypedEvents } from '../typed-events.js';
import { ClusterScan } from './cluster-scan.js';
import { connectToMasters } from './connect-to-masters.js';
import { drain } from './drain.js';
import { crossSlotError } from './many-nodes/cross-slot-error.js';
import { FanOut, type Put } from './many-nodes/fan-out.js';
import { NodeEngines } from './node-engines.js';
import { probeNodes, slowestOf } from './probe-nodes.js';
import { ClusterSubscriber } from './pubsub/cluster-subscriber.js';
import { ShardSubscriber } from './pubsub/shard-subscriber.js';
import { blockOnMaster } from './routing/block-on-master.js';
import { ClusterRouter } from './routing/cluster-router.js';
import { followSlot, onMaster } from './routing/on-master.js';
import { roadTo, roadToAll } from './routing/road-to.js';
import { runOnCluster } from './run-on-cluster.js';
import { MANY_SLOTS, slotOf, slotOfAll, slotOfKey } from './slots/command-slot.js';
import { sumOfStats } from './sum-of-stats.js';
import { ClusterNode, type Shard } from './topology/cluster-node.js';
import { ClusterTopology } from './topology/cluster-topology.js';

/** ms */
const CLOSE_TIMEOUT = 5_000;

/**
 * The engine of a client to a cluster: finds the node that a command's keys belong to, hands the command over to that node's own
 * connection, and takes it back where the node says that it belongs elsewhere.
 *
 *     command ──▶ slot ──▶ node's connection ──▶ settled
 *                  ▲             │ MOVED, ASK, lost and to be sent again
 *                  └─────────────┘
 */
export class ClusterEngine extends ClientEngine {
  override readonly isDedicated = false;
  override readonly events = new TypedEvents<ConnectionEvents>();
  private readonly router: ClusterRouter;
  private readonly topology: ClusterTopology;
  private shardSubscriber: ShardSubscriber | undefined;
  private readonly fanOut: FanOut;
  private readonly nodeEngines: NodeEngines;
  /** What `readFrom` threw last: the same at each read is no news. */
  private lastChoiceFailure: string | undefined;

  constructor(options: ResolvedOptions) {
    // it asks for nothing of the engine before the first command
    const router = new ClusterRouter(options, () => ({
      parts: this,
      events: this.events,
      resend: (command) => this.resend(command),
      onMap: () => this.shardSubscriber?.onMap(),
    }));
    super(createParts(options, router.anyNode));
    this.router = router;
    this.topology = router.topology;
    this.fanOut = new FanOut({
      options,
      topology: router.topology,
      anyMaster: () => router.anyMaster(),
      hold: (command) => router.hold(command),
      nodeFor: (slot, spec) => this.nodeFor(slot, spec),
    });
    this.nodeEngines = new NodeEngines(this, router.topology);
  }

  // ── the face ─────────────────────────────────────────────────────────────────────────────────────────────────────

  override get status(): ConnectionStatus {
    return this.router.status;
  }

  override get address(): string {
    return this.router.anyNode.name;
  }

  override get queued(): number {
    return this.router.waiting + sum(this.router.engines, (engine) => engine.queued);
  }

  override get inFlight(): number {
    return sum(this.router.engines, (engine) => engine.inFlight);
  }

  override nodes(role: NodeRole | undefined): readonly NodeEngine[] {
    return this.nodeEngines.list(role);
  }

  override scanStep(
    args: readonly CommandArgument[],
    buffers: boolean,
    call: CallOptions | undefined,
  ): KeyScanStep {
    const { router } = this;
    const scan = new ClusterScan(router, this.observers, this.options, { args, buffers, call });
    return () => scan.step();
  }

  override connectionStats(): ConnectionStats {
    const { engines, topology } = this.router;
    const max = this.options.maxDedicated * Math.max(1, topology.masters.length);
    return { open: { ...this.connectionObservers.open }, lending: sumOfStats(engines, { min: 0, max }) };
  }

  /** Has the map of the slots told, and connects to the masters; one that cannot be reached is no reason to fail. */
  override async connect(deadline: number | undefined): Promise<void> {
    await connectToMasters(this.router, deadline, (engine) => engine.connect(undefined));
  }

  /** The slowest answer of a master; rejects where none answers. */
  override async probe(timeout: number): Promise<number> {
    return slowestOf(await this.probeNodes(timeout), this.address, this.router.lastError);
  }

  override async probeNodes(timeout: number): Promise<NodesFinding> {
    return probeNodes(this.router, timeout);
  }

  override ensureMonitors(): Monitors {
    throw new TypeError(
      'monitor(): a cluster has several servers, and a monitor shows one. Take it from a node: client.nodes()[0].client.monitor().',
    );
  }

  protected override makeSubscriber(hooks: SubscriberHooks): Subscriber {
    this.shardSubscriber = new ShardSubscriber(this.options, this.router, hooks, this.connectionObservers);
    return new ClusterSubscriber(super.makeSubscriber(hooks, undefined), this.shardSubscriber);
  }

  override async close(timeout = CLOSE_TIMEOUT): Promise<void> {
    if (this.status === 'closed') return;
    this.router.beginClose();
    // what one node sends elsewhere finds the others still there
    const left = await drain(() => this.router.isBusy, timeout);
    await Promise.all([
      ...this.router.engines.map((engine) => engine.close(left)),
      this.nodeEngines.close(left),
      this.closeFeeds(left),
    ]);
    this.router.finishClose();
  }

  override async dispose(): Promise<void> {
    await this.close(undefined);
  }

  override destroy(): void {
    if (this.status === 'closed') return;
    this.router.beginClose();
    for (const engine of this.router.engines) engine.destroy();
    this.nodeEngines.destroy();
    this.destroyFeeds();
    this.router.finishClose();
  }

  override setRef(keepsProcess: boolean): void {
    this.router.setRef(keepsProcess);
    this.nodeEngines.setRef(keepsProcess);
    this.setFeedsRef(keepsProcess);
  }

  // ── the road of a command ────────────────────────────────────────────────────────────────────────────────────────

  protected override submit(command: Command, call: CallOptions | undefined): void {
    if (this.router.isEnding) refuse(command, 'CLOSED', 'the client is closed.');
    else super.submit(command, call);
  }

  protected override send(command: PendingCommand): void {
    if (command.context !== null) command.context.asking = false;
    this.dispatch(command, submitTo);
  }

  /** Sends a command that had its place somewhere before. */
  private resend(command: PendingCommand): void {
    if (command.context !== null) command.context.asking = false;
    this.dispatch(command, placeAt);
  }

  /** Puts a command, or what is sent in its place, where it goes. */
  private dispatch(command: PendingCommand, put: Put): void {
    const slot = slotOf(command.spec, command.args);
    const node = this.nodeFor(slot, command.spec);
    if (node === undefined) this.fanOut.send(command, slot, put);
    else put(node, command);
  }

  protected override roadOf(command: PendingCommand): Road | undefined {
    return roadTo(this.router, command);
  }

  override roadOfAll(commands: readonly ShownCommand[]): Road | undefined {
    return roadToAll(this.router, commands);
  }

  override run(pipeline: PipelineRun, call: CallOptions | undefined): Promise<void> {
    const { options, observers, router } = this;
    const roadOf = (commands: readonly ShownCommand[]) => this.roadOfAll(commands);
    const dispatch = (command: PendingCommand, put: Put): void => this.dispatch(command, put);
    return runOnCluster({ options, observers, router, roadOf, dispatch }, pipeline, call);
  }

  /** Where a command of that slot goes; undefined where nothing is known of it. */
  private nodeFor(slot: number, { flags }: CommandSpec): ClusterNode | undefined {
    const shard = slot < 0 ? undefined : this.topology.shardOf(slot);
    if (shard === undefined) return undefined;
    if (!this.router.readsReplicas || (flags & CommandFlag.READONLY) === 0) return shard.master;
    return this.readerOf(shard);
  }

  private readerOf(shard: Shard): ClusterNode {
    const { readFrom } = this.options.cluster!;
    if (typeof readFrom === 'function') return this.chosenBy(readFrom, shard);
    const replica = shard.nextReplica();
    if (replica === undefined) return shard.master;
    if (replica.isReady || (readFrom === 'replica' && !replica.isTroubled)) return replica;
    // it is made ready for later reads, which this one does not wait for; with pauses, for there may be many
    if (replica.engine.status === 'idle') replica.engine.connect(Infinity).catch(() => undefined);
    return shard.master;
  }

  /** What the user's function chooses; the master where that is no node, or where it throws, which is told as an `error`. */
  private chosenBy(choose: Exclude<ReadFrom, string>, { master, replicas }: Shard): ClusterNode {
    try {
      const chosen = choose([master, ...replicas]);
      return chosen instanceof ClusterNode ? chosen : master;
    } catch (error) {
      // commands that wait for the map are placed one after the other: one that throws must not keep the others from it
      const message = (error as Error | undefined)?.message ?? String(error);
      if (message !== this.lastChoiceFailure) this.events.emit('error', error as RedisError);
      this.lastChoiceFailure = message;
      return master;
    }
  }

  // ── connections of their own ─────────────────────────────────────────────────────────────────────────────────────

  protected override refuseState(command: Command): TypeError {
    return new TypeError(
      `${command.spec.name} changes the state of a connection that all callers of this client share; it was not sent. Do it by multi(), watch(), subscribe(), or on a connection of its own by dedicated(work, { key }).`,
    );
  }

  protected override submitBlocking(command: Command, wait: number, call: CallOptions | undefined): void {
    blockOnMaster(this.router, this.options, command, wait, call);
  }

  override async exclusive<Result>(
    section: 'multi()' | 'watch()',
    commands: readonly QueuedCommand[],
    wait: Wait,
    work: (dedicated: DedicatedConnection) => Promise<Result>,
  ): Promise<Result> {
    const slot = this.slotOfSection(section, commands);
    return followSlot(this.router, { slot, what: section, ...wait }, (engine, left, asking) =>
      engine.exclusive(section, commands, left, (dedicated) => {
        dedicated.asking = asking;
        return work(dedicated);
      }),
    );
  }

  override assertTogether(section: 'multi()' | 'watch()', commands: readonly QueuedCommand[]): void {
    this.slotOfSection(section, commands);
  }

  override async dedicated<Result>(
    work: (session: ClientEngine) => Promise<Result> | Result,
    options: DedicatedOptions,
  ): Promise<Result> {
    const { key, timeout = this.options.commandTimeout, signal } = options;
    if (key === undefined)
      throw new TypeError(
        "dedicated(): a connection goes to one node of the cluster. Say which by a key that it has: client.dedicated(work, { key: 'user:1' }).",
      );
    const slot = slotOfKey(key, this.options.keyPrefix);
    return onMaster(this.router, { slot, what: 'dedicated()', timeout, signal }, (engine, wait) =>
      engine.dedicated(work, wait),
    );
  }

  private slotOfSection(section: 'multi()' | 'watch()', commands: readonly QueuedCommand[]): number {
    const slot = slotOfAll(commands.map(({ spec, args }) => slotOf(spec, args)));
    if (slot === MANY_SLOTS) throw crossSlotError(commands, section);
    return slot;
  }
}

const placeAt: Put = (node, command) => node.engine.connection.takeOver(command);
const submitTo: Put = (node, command, isFurther) => {
  if (isFurther === true) placeAt(node, command);
  else node.engine.connection.submit(command);
};

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
