import { clock, type Ticking } from '../connection/coarse-clock.js';
import { CommandContext } from '../connection/command-context.js';
import { refuse } from '../connection/command-errors.js';
import { isFatalConnectError } from '../connection/connect-error.js';
import { ConnectWaiters } from '../connection/connect-waiters.js';
import { elsewhere } from '../connection/elsewhere.js';
import type { ConnectionStatus } from '../connection/connection-hooks.js';
import type { ConnectionEvents } from '../connection/connection-hooks.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { RoutedConnection } from '../connection/route.js';
import { serverError } from '../connection/server-error.js';
import { WaitingCommands } from '../connection/waiting-commands.js';
import type { EngineParts } from '../engine/client-engine.js';
import { SharedEngine } from '../engine/shared-engine.js';
import { RedisDisconnectedError, type RedisError } from '../errors.js';
import { optionsAt, type ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress, ResolvedCluster } from '../resolve-topology.js';
import type { TypedEvents } from '../typed-events.js';
import { AnyNodeRoute } from './any-node-route.js';
import type { SlotsAnswer } from './ask-for-slots.js';
import { ClusterNode } from './cluster-node.js';
import { ClusterTopology } from './cluster-topology.js';
import { LentRoute, type LentReports } from './lent-route.js';
import { NodeRoute } from './node-route.js';
import { tellRedirect, type Redirect } from './redirect.js';
import { TopologyRefresh } from './topology-refresh.js';

/** A command is sent about no more often: nodes that send it in a circle do not agree. */
export const MOST_REDIRECTS = 16;
/** From so many on it pauses between two of them, ms for each: nodes that do not agree may in a moment. */
export const REDIRECTS_AT_ONCE = 3;
export const REDIRECT_PAUSE = 20;

/** What the router needs of the engine that it works for. */
export interface RouterHost {
  readonly parts: Omit<EngineParts, 'options' | 'route' | 'lentRoute'>;
  readonly events: TypedEvents<ConnectionEvents>;
  /** Sends a command where it belongs by now. */
  resend(command: PendingCommand): void;
  /** The map of the slots may have changed. */
  onMap?(): void;
}

/**
 * Knows the nodes of a cluster and what each has, keeps that knowledge up, and takes back what a node redirects or cannot do, to
 * have it sent again where it belongs.
 */
export class ClusterRouter implements LentReports, Ticking {
  readonly topology: ClusterTopology;
  readonly anyNode: AnyNodeRoute;
  readonly readsReplicas: boolean;
  lastError: RedisError | undefined;
  /** Where commands go that any master may take. */
  private usual: ClusterNode | undefined;
  private readonly cluster: ResolvedCluster;
  private readonly seeds: readonly ResolvedAddress[];
  private readonly refresh: TopologyRefresh;
  /** As long as no map is known, and what pauses between two nodes. */
  private readonly held = new WaitingCommands();
  private readonly waiters = new ConnectWaiters();
  private readonly troubled = new Set<ClusterNode>();
  private wasReady = false;
  private ticking = false;
  private keepsProcess = true;
  private end: 'closing' | 'closed' | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly host: () => RouterHost,
  ) {
    const cluster = options.cluster!;
    this.cluster = cluster;
    this.seeds = cluster.nodes.length > 0 ? cluster.nodes : [{ host: options.host, port: options.port }];
    this.readsReplicas = cluster.readFrom !== 'master';
    this.topology = new ClusterTopology((address) => this.createNode(address));
    const name = `the cluster of ${this.seeds.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
    this.anyNode = new AnyNodeRoute(name, this.topology, () => this.whenKnown(options.connectTimeout));
    this.refresh = new TopologyRefresh(cluster, {
      candidates: () => this.candidates(),
      onAnswer: (answer) => this.onAnswer(answer),
      onFailed: (error) => this.onRefreshFailed(error),
      isTroubled: () => this.isTroubled(),
    });
  }

  get status(): ConnectionStatus {
    if (this.end !== undefined) return this.end;
    for (const { isReady } of this.topology.known) if (isReady && this.topology.isKnown) return 'ready';
    if (this.wasReady) return 'reconnecting';
    return this.isWanted ? 'connecting' : 'idle';
  }

  /** Commands that wait for the map, or between two nodes. */
  get waiting(): number {
    return this.held.size;
  }

  /** The engines of all nodes that anything was ever sent to. */
  get engines(): SharedEngine[] {
    return [...this.topology.known].flatMap(({ usedEngine }) => usedEngine ?? []);
  }

  /** Some master: one that answers, where any is known to; the same as before where that does, so that order is kept. */
  anyMaster(): ClusterNode {
    const { masters } = this.topology;
    const ready = masters.filter(({ isReady }) => isReady);
    const among = ready.length > 0 ? ready : masters;
    if (this.usual === undefined || !among.includes(this.usual))
      this.usual = among[Math.floor(Math.random() * among.length)]!;
    return this.usual;
  }

  /** The master of a slot as far as is known, else some master. Only where anything is known. */
  masterOf(slot: number): ClusterNode {
    return this.topology.shardOf(slot)?.master ?? this.anyMaster();
  }

  // ── what nodes report ────────────────────────────────────────────────────────────────────────────────────────────

  /** The node that a redirect names; a slot that has moved is its own from then on. */
  follow({ isAsk, slot, host, port }: Redirect): ClusterNode {
    const node = this.topology.nodeAt(this.cluster.nat({ host, port }));
    if (!isAsk && this.end === undefined) {
      this.topology.noteMoved(slot, node);
      this.refresh.soon();
    }
    return node;
  }

  redirect(command: PendingCommand, redirect: Redirect, message: string): boolean {
    if (this.end !== undefined) return false;
    const context = (command.context ??= new CommandContext());
    if (++context.redirects > MOST_REDIRECTS) return false;
    tellRedirect(command, redirect, message);
    const { isAsk } = redirect;
    const node = this.follow(redirect);
    if (context.redirects > REDIRECTS_AT_ONCE) {
      const error = serverError(message, command.spec.name, command.args);
      this.held.delay(command, REDIRECT_PAUSE * context.redirects, error);
      this.tick();
    } else if (context.reissue !== undefined) context.reissue(isAsk ? node : undefined);
    else {
      context.asking = isAsk;
      node.engine.connection.submit(command);
      if (node.isReady) command.observation?.noteSent(node);
    }
    return true;
  }

  sendAgain(command: PendingCommand): void {
    if (command.settled) return;
    if (command.context?.reissue !== undefined) command.context.reissue();
    else this.host().resend(command);
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
      this.host().events.emit('ready');
    } else if (!isReady && this.wasReady && error !== undefined) {
      this.wasReady = false;
      this.host().events.emit('disconnect', { reason: 'connection_lost', error });
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
      if (node.role === 'replica') engine.lending.vacate(elsewhere);
    }
    this.anyNode.onChange();
    this.host().onMap?.();
    this.noteStatus(undefined);
    for (const command of this.held.takeQueued()) this.sendAgain(command);
    this.waiters.resolveAll();
  }

  private retire(node: ClusterNode): void {
    this.troubled.delete(node);
    const { usedEngine: engine } = node;
    if (engine === undefined) return;
    this.takeFrom(engine.connection, isMovable);
    engine.lending.vacate(elsewhere);
    void engine.close(undefined);
  }

  private onRefreshFailed(error: RedisError): void {
    this.lastError = error;
    const cause = error.cause as RedisError | undefined;
    if (cause !== undefined && isFatalConnectError(cause)) {
      this.waiters.rejectAll(error);
      this.held.failAll(error);
    } else this.waiters.rejectImpatient(error);
    this.host().events.emit('error', error);
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
  whenKnown(timeout: number | undefined): Promise<void> {
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

  /** Keeps a command until it is known who has what. */
  hold(command: PendingCommand): void {
    const { queueSize } = this.options;
    if (this.end !== undefined) refuse(command, 'CLOSED', 'the client is closed.');
    else if (this.held.held >= queueSize)
      refuse(
        command,
        'QUEUE_FULL',
        `the slots of ${this.anyNode.name} are not known yet, and ${queueSize} commands wait already (\`queueSize\`).`,
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
      reason: this.lastError?.message ?? `no node of ${this.anyNode.name} has answered yet.`,
      cause: this.lastError,
    };
    this.held.expire(now, () => why);
    this.waiters.expire(now, this.anyNode.name, () => why);
    for (const command of this.held.takeDue(now)) this.sendAgain(command);
    this.ticking = this.isWanted;
    return this.ticking;
  }

  // ── nodes ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private createNode(address: ResolvedAddress): ClusterNode {
    return new ClusterNode(address, (node) => {
      const { guard, observers, connectionObservers } = this.host().parts;
      const parts: EngineParts = {
        options: optionsAt(this.options, address),
        route: new NodeRoute(node, this, isMovable),
        lentRoute: new LentRoute(node, this),
        lends: this.host().parts.lends,
        guard,
        observers,
        connectionObservers,
      };
      const engine = new SharedEngine(parts);
      engine.setRef(this.keepsProcess);
      engine.events.on('connect', () => this.host().events.emit('connect'));
      engine.events.on('reconnecting', (event) => this.host().events.emit('reconnecting', event));
      engine.events.on('error', (error) => this.host().events.emit('error', error));
      return engine;
    });
  }

  /** A round of asking for the map, now. */
  refreshNow(): Promise<void> {
    return this.refresh.now();
  }

  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    this.refresh.setRef(keepsProcess);
    for (const engine of this.engines) engine.setRef(keepsProcess);
  }

  /** Nothing is begun any more; what is under way goes on. */
  beginClose(): void {
    this.end ??= 'closing';
    this.refresh.stop();
    if (!this.topology.isKnown) this.refuseHeld();
  }

  finishClose(): void {
    this.end = 'closed';
    this.refuseHeld();
    clock.leave(this);
    this.ticking = false;
  }

  private refuseHeld(): void {
    this.held.refuseAll('the client was closed first.');
    this.waiters.rejectAll(new RedisDisconnectedError('CLOSED', 'The client was closed.'));
  }
}

/** Of the commands on a node's shared connection: not what is asked of this very node. */
function isMovable({ context }: PendingCommand): boolean {
  return context === null || !context.isPinned;
}
