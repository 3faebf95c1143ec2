import { clock, ticksFor, type Ticking } from '../../connection/coarse-clock.js';
import { CommandContext } from '../../connection/command-context.js';
import { refuse } from '../../connection/command-errors.js';
import type { ConnectionEvents, ConnectionStatus } from '../../connection/connection-hooks.js';
import { elsewhere } from '../../connection/elsewhere.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import type { RoutedConnection } from '../../connection/route.js';
import { serverError } from '../../connection/server-error.js';
import type { EngineParts } from '../../engine/client-engine.js';
import { SharedEngine } from '../../engine/shared-engine.js';
import { RedisDisconnectedError, type RedisError } from '../../errors.js';
import { optionsAt, type ResolvedOptions } from '../../resolve-options.js';
import type { ResolvedAddress, ResolvedCluster } from '../../resolve-topology.js';
import type { TypedEvents } from '../../typed-events.js';
import { keyOf } from '../slots/slot-map.js';
import { isFatalRefusal, type SlotsAnswer } from '../topology/ask-for-slots.js';
import { ClusterNode } from '../topology/cluster-node.js';
import { ClusterTopology } from '../topology/cluster-topology.js';
import { Departures } from '../topology/departures.js';
import { EpochGuard } from '../topology/epoch-guard.js';
import { SeedNodes } from '../topology/seed-nodes.js';
import { TopologyRefresh } from '../topology/topology-refresh.js';
import { AnyNodeRoute } from './any-node-route.js';
import { LentRoute, type LentReports } from './lent-route.js';
import { NodeRoute } from './node-route.js';
import { tellRedirect, type Redirect } from './redirect.js';
import { WaitingForMap } from './waiting-for-map.js';

/** A command is sent about no more often: nodes that send it in a circle do not agree. */
export const MOST_REDIRECTS = 16;
/** From so many on it pauses between two of them, ms for each: nodes that do not agree may in a moment. */
export const REDIRECTS_AT_ONCE = 3;
export const REDIRECT_PAUSE = 20;

/** ms for which a node counts as one of the cluster after it was named in an ASK. */
const ASKED_TIME = 10_000;

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
  private readonly seeds: SeedNodes;
  private readonly refresh: TopologyRefresh;
  private readonly held: WaitingForMap;
  private readonly departures = new Departures();
  private readonly epochs = new EpochGuard();
  private wasReady = false;
  private established = false;
  /** What was told last of rounds of asking for the map that came to nothing. */
  private lastFailure: string | undefined;
  private ticking = false;
  private keepsProcess = true;
  private end: 'closing' | 'closed' | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly host: () => RouterHost,
  ) {
    const cluster = options.cluster!;
    this.cluster = cluster;
    const own = { host: options.host, port: options.port };
    const addresses = cluster.nodes.length > 0 ? cluster.nodes : [own];
    this.seeds = new SeedNodes(addresses, (address) => this.createNode(address));
    this.readsReplicas = cluster.readFrom !== 'master';
    this.topology = new ClusterTopology((address) => this.seeds.take(address) ?? this.createNode(address));
    const name = `the cluster of ${addresses.map(keyOf).join(', ')}`;
    this.held = new WaitingForMap(name, options.queueSize);
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
    const isTrying =
      this.held.isWanted ||
      this.engines.some(({ status }) => status === 'connecting' || status === 'reconnecting');
    if (!isTrying) return 'idle';
    return this.established ? 'reconnecting' : 'connecting';
  }

  /** Commands that wait for the map, or between two nodes. */
  get waiting(): number {
    return this.held.size;
  }

  /** Something is under way that may have to be sent elsewhere once more. */
  get isBusy(): boolean {
    return (
      this.held.size > 0 ||
      this.engines.some(({ connection }) => connection.status === 'ready' && connection.hasPending)
    );
  }

  get isEnding(): boolean {
    return this.end !== undefined;
  }

  /** The engines of all nodes that anything was ever sent to. */
  get engines(): SharedEngine[] {
    const nodes = [...this.topology.known, ...this.seeds.spare, ...this.departures.nodes];
    return nodes.flatMap(({ usedEngine }) => usedEngine ?? []);
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
    // a node that has no slot yet is in no map
    if (isAsk) node.keptUntil = clock.now + ticksFor(ASKED_TIME);
    else if (this.end === undefined) {
      this.topology.noteMoved(slot, node);
      this.refresh.soon();
    }
    return node;
  }

  /** The same; undefined where `natMap`, the user's code, fails: what the socket delivers must go on. */
  learn(redirect: Redirect): ClusterNode | undefined {
    try {
      return this.follow(redirect);
    } catch (error) {
      this.host().events.emit('error', error as RedisError);
      return undefined;
    }
  }

  redirect(command: PendingCommand, redirect: Redirect, message: string): boolean {
    if (this.end === 'closed') return false;
    const context = (command.context ??= new CommandContext());
    if (++context.redirects > MOST_REDIRECTS) return false;
    tellRedirect(command, redirect, message);
    const { isAsk } = redirect;
    const node = this.learn(redirect);
    if (node === undefined) return false;
    if (context.redirects > REDIRECTS_AT_ONCE) {
      const error = serverError(message, command.spec.name, command.args);
      this.held.pause(command, REDIRECT_PAUSE * context.redirects, error);
      this.tick();
    } else if (context.reissue !== undefined) context.reissue(isAsk ? node : undefined);
    else {
      context.asking = isAsk;
      node.engine.connection.takeOver(command);
      if (node.isReady) command.observation?.noteSent(node);
    }
    return true;
  }

  sendAgain(command: PendingCommand): void {
    if (command.settled) return;
    // it begins anew, after a pause or another connection
    if (command.context !== null) command.context.redirects = 0;
    this.route(command);
  }

  private route(command: PendingCommand): void {
    if (command.context?.reissue !== undefined) command.context.reissue();
    else this.host().resend(command);
  }

  onTrouble(node: ClusterNode, error: RedisError | undefined): void {
    if (this.end !== undefined) return;
    if (error !== undefined) {
      // of one that left, nothing is to come back; a refresh tells itself what became of those that it asks
      if (!this.topology.has(node)) {
        if (!this.seeds.isSpare(node)) this.departures.end(node);
        return;
      }
      node.isTroubled = true;
      this.lastError = error;
    }
    this.refresh.soon();
  }

  onNodeReady(node: ClusterNode): void {
    node.isTroubled = false;
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
      this.wasReady = this.established = true;
      this.host().events.emit('ready');
    } else if (!isReady && this.wasReady && error !== undefined) {
      this.wasReady = false;
      this.host().events.emit('disconnect', { reason: 'connection_lost', error });
    }
  }

  // ── the map of the slots ─────────────────────────────────────────────────────────────────────────────────────────

  private candidates(): ClusterNode[] {
    return [...this.topology.known, ...this.seeds.missingIn(this.topology)];
  }

  private onAnswer({ shards, epoch }: SlotsAnswer): void {
    if (this.end !== undefined) return;
    if (!this.epochs.admits(epoch)) {
      // the node that told it knows less than another did before
      this.refresh.soon();
      return;
    }
    this.lastError = undefined;
    this.lastFailure = undefined;
    const gone = this.topology.adopt(shards);
    for (const node of gone) this.retire(node);
    for (const node of this.seeds.takeAll()) this.retire(node);
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
    for (const command of this.held.end()) this.sendAgain(command);
  }

  private retire(node: ClusterNode): void {
    const { usedEngine: engine } = node;
    if (engine === undefined) return;
    this.takeFrom(engine.connection, isMovable);
    for (const command of engine.connection.takeHeldBack()) this.sendAgain(command);
    engine.lending.vacate(elsewhere);
    this.departures.add(node);
    this.tick();
  }

  private onRefreshFailed(error: RedisError): void {
    this.lastError = error;
    const cause = error.cause as RedisError | undefined;
    if (cause !== undefined && isFatalRefusal(cause)) this.held.fail(error);
    else this.held.noteFailure(error);
    // a round follows the other: the same again is no news
    if (error.message === this.lastFailure) return;
    this.lastFailure = error.message;
    this.host().events.emit('error', error);
  }

  private isTroubled(): boolean {
    if (!this.topology.isKnown) return this.held.isWanted;
    // one that is idle nobody waits for
    return this.topology.masters.some(
      ({ isTroubled, isReady, usedEngine }) => isTroubled && !isReady && usedEngine?.status !== 'idle',
    );
  }

  /** Resolves once it is known which node has what. */
  whenKnown(timeout: number | undefined): Promise<void> {
    if (this.end !== undefined)
      return Promise.reject(
        new RedisDisconnectedError('CLOSED', 'connect(): the client is closed; make a new one.'),
      );
    if (this.topology.isKnown) return Promise.resolve();
    const known = this.held.wait(timeout);
    this.tick();
    void this.refresh.now();
    return known;
  }

  /** No more commands can wait for the map. */
  get isFull(): boolean {
    return this.held.isFull;
  }

  /** Keeps a command until it is known who has what. */
  hold(command: PendingCommand): void {
    if (this.end !== undefined) {
      refuse(command, 'CLOSED', 'the client is closed.');
      return;
    }
    this.held.hold(command, this.lastError);
    this.tick();
    void this.refresh.now();
  }

  private tick(): void {
    if (this.ticking) return;
    this.ticking = true;
    clock.join(this);
  }

  onTick(now: number): boolean {
    for (const command of this.held.expire(now, this.lastError)) this.route(command);
    this.departures.onTick(now);
    this.ticking = this.held.isWanted || this.departures.size > 0;
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
      // a round of asking follows the other: the same again is no news
      let told: string | undefined;
      engine.events.on('ready', () => (told = undefined));
      engine.events.on('error', (error) => {
        if (error.message !== told) this.host().events.emit('error', error);
        told = error.message;
      });
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
    if (!this.topology.isKnown) this.held.close();
  }

  finishClose(): void {
    this.end = 'closed';
    this.held.close();
    clock.leave(this);
    this.ticking = false;
  }
}

/** Of the commands on a node's shared connection: not what is asked of this very node. */
function isMovable({ context }: PendingCommand): boolean {
  return context === null || !context.isPinned;
}
