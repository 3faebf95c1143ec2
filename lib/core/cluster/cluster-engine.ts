import type { CallOptions } from '../options.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { clock, type Ticking } from '../connection/coarse-clock.js';
import { CommandContext } from '../connection/command-context.js';
import { refuse } from '../connection/command-errors.js';
import type { Command } from '../connection/command.js';
import type { CommandSource } from '../connection/command-source.js';
import { ConnectWaiters } from '../connection/connect-waiters.js';
import { isFatalConnectError } from '../connection/connect-error.js';
import type { ConnectionEvents, ConnectionStatus } from '../connection/connection-hooks.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { RoutedConnection } from '../connection/route.js';
import { serverError } from '../connection/server-error.js';
import { WaitingCommands } from '../connection/waiting-commands.js';
import { ClientEngine, type DedicatedOptions, type EngineParts, type Wait } from '../engine/client-engine.js';
import { createParts } from '../engine/create-parts.js';
import { SharedEngine } from '../engine/shared-engine.js';
import { RedisClientError, RedisDisconnectedError, type RedisError } from '../errors.js';
import type { Monitors } from '../monitor/monitors.js';
import type { ConnectionStats, RedisPoolStats } from '../observation/connection-observer.js';
import { PipelineFeed } from '../pipeline/pipeline-feed.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import { runPipeline } from '../pipeline/run-pipeline.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import { optionsAt, type ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress, ResolvedCluster } from '../resolve-topology.js';
import type { QueuedCommand } from '../transaction/queued-commands.js';
import { TypedEvents } from '../typed-events.js';
import { AnyNodeRoute } from './any-node-route.js';
import type { SlotsAnswer } from './ask-for-slots.js';
import { ClusterNode, type Shard } from './cluster-node.js';
import { ClusterTopology } from './cluster-topology.js';
import { MANY_SLOTS, NO_SLOT, slotOf, slotOfAll } from './command-slot.js';
import { crossSlotError } from './cross-slot-error.js';
import { keySlot } from './key-slot.js';
import { NodeRoute, type NodeReports } from './node-route.js';
import type { Redirect } from './redirect.js';
import { TopologyRefresh } from './topology-refresh.js';

/** A command is sent about no more often: nodes that send it in a circle do not agree. */
const MOST_REDIRECTS = 16;
/** From so many on it pauses between two of them, ms for each: nodes that do not agree may in a moment. */
const REDIRECTS_AT_ONCE = 3;
const REDIRECT_PAUSE = 20;

/** Thrown at those who wait for a connection to a node that is not the one any more. */
const ELSEWHERE = new RedisClientError('ELSEWHERE', 'What was waited for is on another node by now.');

/**
 * The engine of a client to a cluster: finds the node that a command's keys belong to, hands the command over to that node's own
 * connection, and takes it back where the node says that it belongs elsewhere.
 *
 *     command ──▶ slot ──▶ node's connection ──▶ settled
 *                  ▲             │ MOVED, ASK, lost and to be sent again
 *                  └─────────────┘
 */
export class ClusterEngine extends ClientEngine implements NodeReports, Ticking {
  override readonly isDedicated = false;
  override readonly events = new TypedEvents<ConnectionEvents>();
  private readonly cluster: ResolvedCluster;
  private readonly seeds: readonly ResolvedAddress[];
  private readonly topology: ClusterTopology;
  private readonly refresh: TopologyRefresh;
  /** As long as no map is known. */
  private readonly held = new WaitingCommands();
  private readonly waiters = new ConnectWaiters();
  private readonly troubled = new Set<ClusterNode>();
  private readonly anyNode: AnyNodeRoute;
  private lastError: RedisError | undefined;
  private wasReady = false;
  private ticking = false;
  private keepsProcess = true;
  private end: 'closing' | 'closed' | undefined;
  private readonly isRead: boolean;

  constructor(options: ResolvedOptions) {
    const cluster = options.cluster!;
    const seeds = cluster.nodes.length > 0 ? cluster.nodes : [{ host: options.host, port: options.port }];
    const name = `the cluster of ${seeds.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
    const topology = new ClusterTopology((address) => this.createNode(address));
    const anyNode = new AnyNodeRoute(name, topology, () => this.whenKnown(options.connectTimeout));
    super(createParts(options, anyNode));
    this.cluster = cluster;
    this.seeds = seeds;
    this.topology = topology;
    this.anyNode = anyNode;
    this.isRead = cluster.readFrom !== 'master';
    this.refresh = new TopologyRefresh(cluster, {
      candidates: () => this.candidates(),
      onAnswer: (answer) => this.onAnswer(answer),
      onFailed: (error) => this.onRefreshFailed(error),
      isTroubled: () => this.isTroubled(),
    });
  }

  // ── the face ─────────────────────────────────────────────────────────────────────────────────────────────────────

  override get status(): ConnectionStatus {
    if (this.end !== undefined) return this.end;
    for (const { isReady } of this.topology.known) if (isReady && this.topology.isKnown) return 'ready';
    if (this.wasReady) return 'reconnecting';
    return this.isWanted ? 'connecting' : 'idle';
  }

  override get address(): string {
    return this.anyNode.name;
  }

  override get queued(): number {
    return this.held.size + sum(this.usedEngines(), (engine) => engine.queued);
  }

  override get inFlight(): number {
    return sum(this.usedEngines(), (engine) => engine.inFlight);
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
    const lending: RedisPoolStats[] = this.usedEngines().map((engine) => engine.lending.stats());
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
      await this.whenKnown(deadline);
      const outcomes = await Promise.allSettled(
        this.topology.masters.map(({ engine }) => engine.connect(undefined)),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed === undefined || outcomes.some((outcome) => outcome.status === 'fulfilled')) return;
      const isOver = deadline === undefined || performance.now() - started >= deadline;
      if (isOver || isFatalConnectError(failed.reason as RedisError)) throw failed.reason;
      await this.refresh.now();
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
          cause: this.lastError,
        },
      );
    return Math.max(...(await Promise.all(used.map(({ engine }) => engine.probe(timeout)))));
  }

  override ensureMonitors(): Monitors {
    throw new TypeError(
      'monitor(): a cluster has several servers, and a monitor shows one. Take it from a node: client.nodes()[0].client.monitor().',
    );
  }

  override async close(timeout: number | undefined): Promise<void> {
    if (this.end === 'closed') return;
    this.end = 'closing';
    this.refresh.stop();
    if (!this.topology.isKnown) this.refuseHeld();
    await Promise.all([
      ...[...this.topology.known].map((node) => node.usedEngine?.close(timeout)),
      this.closeFeeds(timeout),
    ]);
    this.finish();
  }

  override async dispose(): Promise<void> {
    await this.close(undefined);
  }

  override destroy(): void {
    if (this.end === 'closed') return;
    this.refresh.stop();
    this.end = 'closing';
    for (const node of this.topology.known) node.usedEngine?.destroy();
    this.destroyFeeds();
    this.finish();
  }

  override setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    this.refresh.setRef(keepsProcess);
    for (const engine of this.usedEngines()) engine.setRef(keepsProcess);
    this.setFeedsRef(keepsProcess);
  }

  // ── the road of a command ────────────────────────────────────────────────────────────────────────────────────────

  protected override send(command: PendingCommand): void {
    const { spec, args, context } = command;
    if (context !== null) context.asking = false;
    const slot = slotOf(spec, args);
    const node = this.nodeFor(slot, spec);
    if (node !== undefined && slot >= 0) node.engine.connection.submit(command);
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
      this.send(command);
    }
    return feeds;
  }

  /** Those that no single slot decides about, and those of slots that nobody is known to have. */
  private sendSpecial(command: PendingCommand, slot: number, node: ClusterNode | undefined): void {
    if (slot === MANY_SLOTS) {
      command.fail(() => crossSlotError([command]));
      return;
    }
    if (!this.topology.isKnown) this.hold(command);
    else (node ?? this.anyMaster()).engine.connection.submit(command);
  }

  /** Where a command of that slot goes; undefined where nothing is known of it. */
  private nodeFor(slot: number, { flags }: CommandSpec): ClusterNode | undefined {
    const shard = slot < 0 ? undefined : this.topology.shardOf(slot);
    if (shard === undefined) return undefined;
    if (!this.isRead || (flags & CommandFlag.READONLY) === 0) return shard.master;
    return this.readerOf(shard);
  }

  private readerOf(shard: Shard): ClusterNode {
    const { readFrom } = this.cluster;
    if (typeof readFrom === 'function') {
      const chosen = readFrom([shard.master, ...shard.replicas]);
      return chosen instanceof ClusterNode ? chosen : shard.master;
    }
    const replica = shard.nextReplica();
    if (replica === undefined) return shard.master;
    if (replica.isReady || readFrom === 'replica') return replica;
    // it is made ready for later reads, which this one does not wait for
    if (replica.engine.status === 'idle') replica.engine.connect(undefined).catch(() => undefined);
    return shard.master;
  }

  private anyMaster(): ClusterNode {
    const { masters } = this.topology;
    const ready = masters.filter(({ isReady }) => isReady);
    const among = ready.length > 0 ? ready : masters;
    return among[Math.floor(Math.random() * among.length)]!;
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
      else if (!this.topology.isKnown) this.hold(command);
      else {
        context.asking = node !== undefined;
        const master = this.topology.shardOf(slot)?.master ?? this.anyMaster();
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
      if (!this.topology.isKnown) await this.whenKnown(timeout === 0 ? Infinity : timeout);
      const node = (slot === NO_SLOT ? undefined : this.topology.shardOf(slot)?.master) ?? this.anyMaster();
      try {
        return await work(node.engine);
      } catch (error) {
        if ((error as { code?: unknown }).code !== ELSEWHERE.code) throw error;
      }
    }
  }

  // ── what nodes report ────────────────────────────────────────────────────────────────────────────────────────────

  get readsReplicas(): boolean {
    return this.isRead;
  }

  redirect(command: PendingCommand, { isAsk, slot, host, port }: Redirect, message: string): boolean {
    if (this.end !== undefined) return false;
    const context = (command.context ??= new CommandContext());
    if (++context.redirects > MOST_REDIRECTS) return false;
    const node = this.topology.nodeAt(this.cluster.nat({ host, port }));
    if (!isAsk) {
      this.topology.noteMoved(slot, node);
      this.refresh.soon();
    }
    if (context.redirects > REDIRECTS_AT_ONCE) {
      const error = serverError(message, command.spec.name, command.args);
      this.held.delay(command, REDIRECT_PAUSE * context.redirects, error);
      this.tick();
    } else if (context.reissue !== undefined) context.reissue(isAsk ? node : undefined);
    else {
      context.asking = isAsk;
      node.engine.connection.submit(command);
    }
    return true;
  }

  sendAgain(command: PendingCommand): void {
    if (command.settled) return;
    if (command.context?.reissue !== undefined) command.context.reissue();
    else this.send(command);
  }

  onTrouble(node: ClusterNode, error: RedisError | undefined): void {
    if (this.end !== undefined) return;
    if (error !== undefined) {
      this.troubled.add(node);
      this.lastError = error;
    }
    this.refresh.soon();
  }

  onNodeReady(node: ClusterNode): void {
    this.troubled.delete(node);
    this.noteStatus(undefined);
  }

  onNodeLost(
    connection: RoutedConnection,
    error: RedisError,
    movable: (command: PendingCommand) => boolean,
  ): void {
    if (this.end !== undefined) return;
    this.noteStatus(error);
    this.takeFrom(connection, movable);
  }

  private takeFrom(connection: RoutedConnection, movable: (command: PendingCommand) => boolean): void {
    for (const command of connection.takeWaiting(movable)) this.sendAgain(command);
  }

  private noteStatus(error: RedisError | undefined): void {
    const isReady = this.status === 'ready';
    if (isReady && !this.wasReady) {
      this.wasReady = true;
      this.events.emit('ready');
    } else if (!isReady && this.wasReady && error !== undefined) {
      this.wasReady = false;
      this.events.emit('disconnect', { reason: 'connection_lost', error });
    }
  }

  // ── the map of the slots ─────────────────────────────────────────────────────────────────────────────────────────

  private candidates(): ClusterNode[] {
    const known = new Set(this.topology.known);
    for (const address of this.seeds) known.add(this.topology.nodeAt(address));
    return [...known];
  }

  private onAnswer({ shards }: SlotsAnswer): void {
    if (this.end !== undefined) return;
    this.lastError = undefined;
    const gone = this.topology.adopt(shards);
    for (const node of gone) this.retire(node);
    for (const node of this.topology.known) {
      const { usedEngine: engine } = node;
      if (engine === undefined) continue;
      // what waits for a node that is no master any more, or not there, may have another place by now
      if (!node.isReady) this.takeFrom(engine.connection, isMovable);
      if (node.role === 'replica') engine.lending.refuseWaiting(() => ELSEWHERE);
    }
    this.anyNode.onChange();
    this.noteStatus(undefined);
    for (const command of this.held.takeQueued()) this.sendAgain(command);
    this.waiters.resolveAll();
  }

  private retire(node: ClusterNode): void {
    this.troubled.delete(node);
    const { usedEngine: engine } = node;
    if (engine === undefined) return;
    this.takeFrom(engine.connection, isMovable);
    engine.lending.refuseWaiting(() => ELSEWHERE);
    void engine.close(undefined);
  }

  private onRefreshFailed(error: RedisError): void {
    this.lastError = error;
    const cause = error.cause as RedisError | undefined;
    if (cause !== undefined && isFatalConnectError(cause)) {
      this.waiters.rejectAll(error);
      this.held.failAll(error);
    } else this.waiters.rejectImpatient(error);
    this.events.emit('error', error);
  }

  private isTroubled(): boolean {
    if (!this.topology.isKnown) return this.isWanted;
    for (const node of this.troubled) if (node.role === 'master' && this.topology.has(node)) return true;
    return false;
  }

  private get isWanted(): boolean {
    return this.held.size > 0 || this.waiters.size > 0;
  }

  /** Resolves once it is known which node has what. */
  private whenKnown(timeout: number | undefined): Promise<void> {
    if (this.end !== undefined)
      return Promise.reject(
        new RedisDisconnectedError('CLOSED', 'connect(): the client is closed; make a new one.'),
      );
    if (this.topology.isKnown) return Promise.resolve();
    const known = this.waiters.add(timeout);
    this.tick();
    void this.refresh.now();
    return known;
  }

  private hold(command: PendingCommand): void {
    const { queueSize } = this.options;
    if (this.end !== undefined) refuse(command, 'CLOSED', 'the client is closed.');
    else if (this.held.held >= queueSize)
      refuse(
        command,
        'QUEUE_FULL',
        `the slots of ${this.address} are not known yet, and ${queueSize} commands wait already (\`queueSize\`).`,
        this.lastError,
      );
    else {
      this.held.push(command);
      this.tick();
    }
    if (this.end === undefined) void this.refresh.now();
  }

  private tick(): void {
    if (this.ticking) return;
    this.ticking = true;
    clock.join(this);
  }

  onTick(now: number): boolean {
    const why = {
      reason: this.lastError?.message ?? `no node of ${this.address} has answered yet.`,
      cause: this.lastError,
    };
    this.held.expire(now, () => why);
    this.waiters.expire(now, this.address, () => why);
    for (const command of this.held.takeDue(now)) this.sendAgain(command);
    this.ticking = this.isWanted;
    return this.ticking;
  }

  // ── nodes ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private createNode(address: ResolvedAddress): ClusterNode {
    return new ClusterNode(address, (node) => {
      const parts: EngineParts = {
        options: optionsAt(this.options, address),
        route: new NodeRoute(node, this, isMovable),
        lentRoute: new NodeRoute(node, this, isReissued),
        guard: this.guard,
        observers: this.observers,
        connectionObservers: this.connectionObservers,
      };
      const engine = new SharedEngine(parts);
      engine.setRef(this.keepsProcess);
      engine.events.on('connect', () => this.events.emit('connect'));
      engine.events.on('reconnecting', (event) => this.events.emit('reconnecting', event));
      engine.events.on('error', (error) => this.events.emit('error', error));
      return engine;
    });
  }

  private usedEngines(): SharedEngine[] {
    return [...this.topology.known].flatMap(({ usedEngine }) => usedEngine ?? []);
  }

  private refuseHeld(): void {
    this.held.refuseAll('the client was closed first.');
    this.waiters.rejectAll(new RedisDisconnectedError('CLOSED', 'The client was closed.'));
  }

  private finish(): void {
    this.end = 'closed';
    this.refuseHeld();
    clock.leave(this);
    this.ticking = false;
  }
}

/** Of the commands on a node's shared connection: not what is asked of this very node. */
function isMovable({ context }: PendingCommand): boolean {
  return context === null || !context.isPinned;
}

/** Of the commands on connections that a node lends: those that wait there for the client itself. */
function isReissued({ context }: PendingCommand): boolean {
  return context?.reissue !== undefined;
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
