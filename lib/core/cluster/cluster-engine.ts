import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions } from '../options.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { CommandContext } from '../connection/command-context.js';
import { refuse } from '../connection/command-errors.js';
import type { Command } from '../connection/command.js';
import type { CommandSource } from '../connection/command-source.js';
import { isFatalConnectError } from '../connection/connect-error.js';
import type { ConnectionEvents, ConnectionStatus } from '../connection/connection-hooks.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { ClientEngine, type DedicatedOptions, type Wait } from '../engine/client-engine.js';
import { createParts } from '../engine/create-parts.js';
import { SharedEngine } from '../engine/shared-engine.js';
import { RedisDisconnectedError, type RedisError } from '../errors.js';
import type { Monitors } from '../monitor/monitors.js';
import type { ConnectionStats, RedisPoolStats } from '../observation/connection-observer.js';
import { PipelineFeed } from '../pipeline/pipeline-feed.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import { runPipeline } from '../pipeline/run-pipeline.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { QueuedCommand } from '../transaction/queued-commands.js';
import { TypedEvents } from '../typed-events.js';
import { ClusterNode, type Shard } from './cluster-node.js';
import { ClusterTopology } from './cluster-topology.js';
import { MANY_SLOTS, NO_SLOT, slotOf, slotOfAll } from './command-slot.js';
import { crossSlotError } from './cross-slot-error.js';
import { drain } from './drain.js';
import { keySlot } from './key-slot.js';
import { ClusterRouter, isElsewhere } from './cluster-router.js';

/** ms between two rounds of connecting to masters of which none can be reached. */
const CONNECT_PAUSE = 100;
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

  constructor(options: ResolvedOptions) {
    // it asks for nothing of the engine before the first command
    const router = new ClusterRouter(options, () => ({
      parts: this,
      events: this.events,
      resend: (command) => this.resend(command),
    }));
    super(createParts(options, router.anyNode));
    this.router = router;
    this.topology = router.topology;
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

  /** The nodes that are known at the moment. */
  get nodes(): readonly ClusterNode[] {
    return this.topology.isKnown ? [...this.topology.known] : [];
  }

  /** Slots that no node serves, as far as is known. */
  get uncoveredSlots(): number {
    return this.topology.uncovered;
  }

  override connectionStats(): ConnectionStats {
    const lending: RedisPoolStats[] = this.router.engines.map((engine) => engine.lending.stats());
    const total = (name: keyof RedisPoolStats): number => sum(lending, (stats) => stats[name]);
    return {
      open: { ...this.connectionObservers.open },
      lending: {
        active: total('active'),
        idle: total('idle'),
        waiting: total('waiting'),
        total: total('total'),
        min: 0,
        max: this.options.maxDedicated * Math.max(1, lending.length),
      },
    };
  }

  /** Has the map of the slots told, and connects to the masters; one that cannot be reached is no reason to fail. */
  override async connect(deadline: number | undefined): Promise<void> {
    const started = performance.now();
    for (;;) {
      await this.router.whenKnown(deadline);
      const outcomes = await Promise.allSettled(
        this.topology.masters.map(({ engine }) => engine.connect(undefined)),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed === undefined || outcomes.some((outcome) => outcome.status === 'fulfilled')) return;
      const isOver = deadline === undefined || performance.now() - started >= deadline;
      if (isOver || isFatalConnectError(failed.reason as RedisError)) throw failed.reason;
      await sleep(CONNECT_PAUSE);
      await this.router.refreshNow();
    }
  }

  override async probe(timeout: number): Promise<number> {
    const used = this.topology.masters.filter(({ usedEngine }) => usedEngine !== undefined);
    if (used.length === 0)
      throw new RedisDisconnectedError(
        'DISCONNECTED',
        `PING was not sent: there is no connection to ${this.address}.`,
        {
          command: 'PING',
          cause: this.router.lastError,
        },
      );
    return Math.max(...(await Promise.all(used.map(({ engine }) => engine.probe(timeout)))));
  }

  override ensureMonitors(): Monitors {
    throw new TypeError(
      'monitor(): a cluster has several servers, and a monitor shows one. Take it from a node: client.nodes()[0].client.monitor().',
    );
  }

  override async close(timeout = CLOSE_TIMEOUT): Promise<void> {
    if (this.status === 'closed') return;
    this.router.beginClose();
    // what one node sends elsewhere finds the others still there
    const left = await drain(() => this.router.isBusy, timeout);
    await Promise.all([...this.router.engines.map((engine) => engine.close(left)), this.closeFeeds(left)]);
    this.router.finishClose();
  }

  override async dispose(): Promise<void> {
    await this.close(undefined);
  }

  override destroy(): void {
    if (this.status === 'closed') return;
    this.router.beginClose();
    for (const engine of this.router.engines) engine.destroy();
    this.destroyFeeds();
    this.router.finishClose();
  }

  override setRef(keepsProcess: boolean): void {
    this.router.setRef(keepsProcess);
    this.setFeedsRef(keepsProcess);
  }

  // ── the road of a command ────────────────────────────────────────────────────────────────────────────────────────

  protected override submit(command: Command, call: CallOptions | undefined): void {
    if (this.router.isEnding) refuse(command, 'CLOSED', 'the client is closed.');
    else super.submit(command, call);
  }

  protected override send(command: PendingCommand): void {
    const { spec, args, context } = command;
    if (context !== null) context.asking = false;
    const slot = slotOf(spec, args);
    const node = this.nodeFor(slot, spec);
    if (node !== undefined && slot >= 0) node.engine.connection.submit(command);
    else this.sendSpecial(command, slot, node);
  }

  /** Sends a command that had its place somewhere before. */
  private resend(command: PendingCommand): void {
    const { spec, args, context } = command;
    if (context !== null) context.asking = false;
    const slot = slotOf(spec, args);
    const node = this.nodeFor(slot, spec);
    if (node !== undefined && slot >= 0) node.engine.connection.takeOver(command);
    else this.sendSpecial(command, slot, node);
  }

  protected override roadOf({ spec, args }: PendingCommand): ReconnectingConnection | undefined {
    if ((spec.flags & CommandFlag.BLOCKING) !== 0) return undefined;
    const slot = slotOf(spec, args);
    return slot < 0 ? undefined : this.nodeFor(slot, spec)?.engine.connection;
  }

  override run(pipeline: PipelineRun, call: CallOptions | undefined): Promise<void> {
    const { options, observers } = this;
    const submit = (run: PipelineRun, deadline: number): CommandSource[] => this.submitRun(run, deadline);
    return runPipeline({ options, observers, road: undefined, submit }, pipeline, call);
  }

  /** Each node gets its share, in order, and none waits for another. */
  private submitRun(run: PipelineRun, deadline: number): CommandSource[] {
    if (this.router.isEnding) {
      for (const command of run.commands) refuse(command, 'CLOSED', 'the client is closed.');
      return [];
    }
    // as on one connection: all of them are held, however many, or none
    const isHeld = !this.topology.isKnown && !this.router.isFull;
    const shares = new Map<ClusterNode, PendingCommand[]>();
    const others: PendingCommand[] = [];
    for (const command of run.commands) {
      const slot = slotOf(command.spec, command.args);
      const node = slot < 0 ? undefined : this.nodeFor(slot, command.spec);
      if (node === undefined) others.push(command);
      else {
        const share = shares.get(node);
        if (share === undefined) shares.set(node, [command]);
        else share.push(command);
      }
    }
    const feeds = [...shares].map(([node, share]) => {
      const feed = new PipelineFeed(run, deadline, share);
      node.engine.connection.submitAll(feed);
      return feed;
    });
    for (const command of others) {
      command.deadline = deadline;
      if (isHeld) this.router.hold(command, true);
      else this.send(command);
    }
    return feeds;
  }

  /** Those that no single slot decides about, and those of slots that nobody is known to have. */
  private sendSpecial(command: PendingCommand, slot: number, node: ClusterNode | undefined): void {
    if (slot === MANY_SLOTS) {
      command.fail(() => crossSlotError([command]));
      return;
    }
    if (!this.topology.isKnown) this.router.hold(command);
    else (node ?? this.router.anyMaster()).engine.connection.submit(command);
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
    if (typeof readFrom === 'function') {
      const chosen = readFrom([shard.master, ...shard.replicas]);
      return chosen instanceof ClusterNode ? chosen : shard.master;
    }
    const replica = shard.nextReplica();
    if (replica === undefined) return shard.master;
    if (replica.isReady || (readFrom === 'replica' && !replica.isTroubled)) return replica;
    // it is made ready for later reads, which this one does not wait for; with pauses, for there may be many
    if (replica.engine.status === 'idle') replica.engine.connect(Infinity).catch(() => undefined);
    return shard.master;
  }

  // ── connections of their own ─────────────────────────────────────────────────────────────────────────────────────

  protected override refuseState(command: Command): TypeError {
    return new TypeError(
      `${command.spec.name} changes the state of a connection that all callers of this client share; it was not sent. Do it by multi(), watch(), subscribe(), or on a connection of its own by dedicated(work, { key }).`,
    );
  }

  protected override submitBlocking(command: Command, wait: number, call: CallOptions | undefined): void {
    const context = (command.context ??= new CommandContext());
    const begin = (node?: object): void => {
      // what it had is given back
      context.onSettled?.();
      context.onSettled = undefined;
      const slot = slotOf(command.spec, command.args);
      if (slot === MANY_SLOTS) command.fail(() => crossSlotError([command]));
      else if (!this.topology.isKnown) this.router.hold(command);
      else {
        context.asking = node !== undefined;
        const master = this.topology.shardOf(slot)?.master ?? this.router.anyMaster();
        ((node as ClusterNode | undefined) ?? master).engine.block(command, wait, call);
      }
    };
    context.reissue = begin;
    begin();
  }

  override async exclusive<Result>(
    section: 'multi()' | 'watch()',
    commands: readonly QueuedCommand[],
    wait: Wait,
    work: (dedicated: DedicatedConnection) => Promise<Result>,
  ): Promise<Result> {
    const slot = this.slotOfSection(section, commands);
    return this.onMaster(slot, wait, (engine) => engine.exclusive(section, commands, wait, work));
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
    const prefixed = Buffer.isBuffer(key)
      ? Buffer.concat([Buffer.from(this.options.keyPrefix), key])
      : this.options.keyPrefix + key;
    return this.onMaster(keySlot(prefixed), { timeout, signal }, (engine) => engine.dedicated(work, options));
  }

  private slotOfSection(section: 'multi()' | 'watch()', commands: readonly QueuedCommand[]): number {
    const slot = slotOfAll(commands.map(({ spec, args }) => slotOf(spec, args)));
    if (slot === MANY_SLOTS) throw crossSlotError(commands, section);
    return slot;
  }

  /** Does something by the master of a slot; where that has changed while a connection was waited for, by the one that is it now. */
  private async onMaster<Result>(
    slot: number,
    { timeout }: Wait,
    work: (engine: SharedEngine) => Promise<Result>,
  ): Promise<Result> {
    for (;;) {
      if (!this.topology.isKnown) await this.router.whenKnown(timeout === 0 ? Infinity : timeout);
      const node =
        (slot === NO_SLOT ? undefined : this.topology.shardOf(slot)?.master) ?? this.router.anyMaster();
      try {
        return await work(node.engine);
      } catch (error) {
        if (!isElsewhere(error)) throw error;
      }
    }
  }
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
