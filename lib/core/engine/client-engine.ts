import { applyCallOptions } from '../apply-call-options.js';
import type { Road, ShownCommand } from '../observation/command-infos.js';
import type { CommandObservers } from '../observation/command-observers.js';
import type { ConnectionStats } from '../observation/connection-observer.js';
import type { ConnectionObservers } from '../observation/connection-observers.js';
import type { NodesFinding } from '../observation/node-finding.js';
import { ConnectionWatch } from '../observation/connection-watch.js';
import type { CommandArgument, RedisKey } from '../commands/arguments.js';
import { checkArguments } from '../commands/check-arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { blockingTimeout } from '../commands/blocking-timeout.js';
import { KEYS } from '../commands/commands.generated.js';
import { prefixKeys, stripPrefix } from '../commands/key-positions.js';
import { clock, deadlineAfter, ticksFor } from '../connection/coarse-clock.js';
import { Command } from '../connection/command.js';
import type { ConnectionEvents, ConnectionStatus } from '../connection/connection-hooks.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { ConnectionPoolRole } from '../pool/connection-pool.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import type { ResolvedPoolSize } from '../pool/pool-options.js';
import type { Destination, Route } from '../connection/route.js';
import { RedisDisconnectedError, type RedisError } from '../errors.js';
import type { SharedConnection } from '../feed/listening-connection.js';
import type { CommandGuard } from '../guard/command-guard.js';
import { Monitors } from '../monitor/monitors.js';
import type { CallOptions } from '../options.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import { ServerSubscriber } from '../pubsub/server-subscriber.js';
import type { Subscriber, SubscriberHooks } from '../pubsub/subscriber.js';
import type { SubscriberStatus } from '../pubsub/subscriber-status.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { QueuedCommand } from '../transaction/queued-commands.js';
import type { TypedEvents } from '../typed-events.js';

/** Commands that need more than a place in the queue. */
const SPECIAL =
  CommandFlag.BLOCKING | CommandFlag.STATEFUL | CommandFlag.SUBSCRIPTION | CommandFlag.DANGEROUS;

/** How long somebody waits. */
export interface Wait {
  /** ms; 0 is for ever. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** How long `dedicated()` waits for a connection that is free. */
export interface DedicatedOptions {
  /** In a cluster: the connection goes to the node that has this key. Elsewhere it says nothing. */
  key?: RedisKey | undefined;
  /** ms; 0 waits for ever. Default `commandTimeout`. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** A node's part. */
export type NodeRole = 'master' | 'replica';

/** One server of those behind a client, and what talks to it alone. */
export interface NodeEngine {
  readonly host: string;
  readonly port: number;
  readonly role: NodeRole;
  readonly isReady: boolean;
  readonly engine: ClientEngine;
}

/** One step of a scan over all keys; `'0'` once there is no further one. */
export type KeyScanStep = () => Promise<[cursor: string, keys: (string | Buffer)[]]>;

/** What the engines of one client, or of one pool, have in common: also where their connections go. */
export interface EngineParts extends Destination {
  /** Where connections go that are lent; the same as the others where it is left out. */
  readonly lentRoute?: Route;
  /** How many are lent, and how; the client's own way where it is left out. */
  readonly lends?:
    | { readonly size: Omit<ResolvedPoolSize, 'acquireTimeout'>; readonly role: ConnectionPoolRole }
    | undefined;
  readonly guard: CommandGuard;
  readonly observers: CommandObservers;
  readonly connectionObservers: ConnectionObservers;
}

/**
 * What does the work behind the face of a client and its views: the road of every command from its call to a connection. One
 * kind shares a connection to one server among all callers, another has one to itself for a while, and the third looks for the
 * node of a cluster that a command belongs to.
 */
export abstract class ClientEngine implements EngineParts {
  readonly options: ResolvedOptions;
  readonly route: Route;
  readonly guard: CommandGuard;
  readonly observers: CommandObservers;
  readonly connectionObservers: ConnectionObservers;
  /** One caller has its connection to itself. */
  abstract readonly isDedicated: boolean;
  /** What befalls the connections that commands take. */
  abstract readonly events: TypedEvents<ConnectionEvents>;
  protected subscriber: Subscriber | undefined;
  private monitors: Monitors | undefined;
  private feedsKeepProcess = true;
  private readonly commandTicks: number;

  constructor({ options, route, guard, observers, connectionObservers }: EngineParts) {
    this.options = options;
    this.route = route;
    this.guard = guard;
    this.observers = observers;
    this.connectionObservers = connectionObservers;
    const { commandTimeout } = options;
    this.commandTicks = commandTimeout === 0 || commandTimeout === Infinity ? 0 : ticksFor(commandTimeout);
  }

  abstract get status(): ConnectionStatus;

  /** Of the server, for messages and logs. */
  abstract get address(): string;

  /** @throws {RedisError} where nothing at all may be done with it any more. */
  assertUsable(_what: string): void {}

  /** The engine for reads from replicas. @throws {TypeError} where it is not known that there are any. */
  get replicas(): ClientEngine {
    throw new TypeError(
      'client.replicas: this client knows one server, and nothing of its replicas. Set `sentinel`, whose Sentinels name them, or make a client with the address of a replica.',
    );
  }

  abstract connect(deadline: number | undefined): Promise<void>;

  /** Commands that wait to be sent. */
  abstract get queued(): number;

  /** Commands sent and not yet answered. */
  abstract get inFlight(): number;

  /** The connections at this moment. */
  abstract connectionStats(): ConnectionStats;

  /** Subscriptions that are not ended. */
  get subscriptions(): number {
    return this.subscriber?.size ?? 0;
  }

  /** What subscriptions listen on; undefined where there are none. */
  get subscriberStatus(): SubscriberStatus | undefined {
    return this.subscriber?.standing;
  }

  /** PINGs where subscriptions listen, or fails at once. Gives the time to the answer, ms. */
  async probeSubscriber(timeout: number): Promise<number> {
    if (this.subscriber === undefined) {
      throw new RedisDisconnectedError('DISCONNECTED', 'probeSubscriber(): nothing was subscribed to yet.');
    }
    return this.subscriber.probe(timeout);
  }

  /** The road of every command: check, queue, promise. Synchronous up to here, so that a tick's commands go out together. */
  issue(
    spec: CommandSpec,
    given: CommandArgument[],
    buffers: boolean,
    call: CallOptions | undefined,
  ): Promise<unknown> {
    const wrong = checkArguments(spec, given);
    if (wrong !== undefined) return Promise.reject(wrong);
    const args = this.options.keyPrefix === '' ? given : prefixKeys(spec, given, this.options.keyPrefix);
    const command = new Command(spec, args, buffers || (spec.flags & CommandFlag.BYTES) !== 0);
    if (this.commandTicks !== 0) command.deadline = clock.now + this.commandTicks;
    if (this.observers.active) this.observers.show(command, this.roadOf(command));
    if ((spec.flags & SPECIAL) !== 0) this.issueSpecial(command, call);
    else this.submit(command, call);
    return spec === KEYS && args !== given ? this.withoutPrefix(command.promise) : command.promise;
  }

  /** Sends the commands of a pipeline; ends when the last is settled. */
  abstract run(pipeline: PipelineRun, call: CallOptions | undefined): Promise<void>;

  /**
   * Runs a transaction's work on a connection that nobody else touches meanwhile.
   *
   * @param commands those that are known before, keys and all: they tell where that connection goes.
   */
  abstract exclusive<Result>(
    section: 'multi()' | 'watch()',
    commands: readonly QueuedCommand[],
    wait: Wait,
    work: (dedicated: DedicatedConnection) => Promise<Result>,
  ): Promise<Result>;

  /** @throws {RedisError} where these cannot be commands of one transaction, for their keys are in different places. */
  assertTogether(_section: 'multi()' | 'watch()', _commands: readonly QueuedCommand[]): void {}

  /** Lends a connection for the time of `work`. */
  abstract dedicated<Result>(
    work: (session: ClientEngine) => Promise<Result> | Result,
    wait: DedicatedOptions,
  ): Promise<Result>;

  /** The servers behind it, each with an engine of its own; here the one that there is. */
  nodes(role: NodeRole | undefined): readonly NodeEngine[] {
    if (role === 'replica') return [];
    const { host, port } = this.options;
    return [{ host, port, role: 'master', isReady: this.status === 'ready', engine: this }];
  }

  /**
   * Steps over the keys of several servers; undefined where one server's own cursor is enough.
   *
   * @param args those of SCAN after the cursor.
   */
  scanStep(
    _args: readonly CommandArgument[],
    _buffers: boolean,
    _call: CallOptions | undefined,
  ): KeyScanStep | undefined {
    return undefined;
  }

  /** PINGs on the live connection, or fails at once. Gives the time to the answer, ms. */
  abstract probe(timeout: number): Promise<number>;

  /** The same for each server behind the client, failures told. Never rejects. */
  async probeNodes(timeout: number): Promise<NodesFinding> {
    const { address, status: state } = this;
    const node = await this.probe(timeout).then(
      (latency) => ({ address, role: undefined, state, latency, error: undefined }),
      (error: Error) => ({ address, role: undefined, state, latency: undefined, error }),
    );
    return { nodes: [node], uncoveredSlots: 0 };
  }

  /** What subscriptions share, made at first use. A promise where it must be seen first what the server speaks. */
  ensureSubscriber(): Subscriber | Promise<Subscriber> {
    return this.subscriber ?? this.createSubscriber();
  }

  /** Those of the server, each on a connection of its own. */
  ensureMonitors(): Monitors {
    if (this.monitors === undefined) {
      this.monitors = new Monitors(this, this.feedHooks(), this.connectionObservers);
      this.monitors.setRef(this.feedsKeepProcess);
    }
    return this.monitors;
  }

  abstract close(timeout: number | undefined): Promise<void>;

  /** The end of the block that it was made or lent for. */
  abstract dispose(): Promise<void> | void;

  abstract destroy(): void;

  /** Do idle connections keep the process alive? */
  abstract setRef(keepsProcess: boolean): void;

  /** Why a command that changes the state of a connection may not go, or undefined where it may. */
  protected abstract refuseState(command: Command): TypeError | undefined;

  /** @param wait how long the command may wait on the server, ms. */
  protected abstract submitBlocking(command: Command, wait: number, call: CallOptions | undefined): void;

  /** @param shared where subscriptions listen; without it on a connection of their own. */
  protected createSubscriber(shared?: SharedConnection): Subscriber {
    const hooks = { ...this.feedHooks(), onUnfit: () => this.forgetSubscriber() };
    this.subscriber = this.makeSubscriber(hooks, shared);
    this.subscriber.setRef(this.feedsKeepProcess);
    return this.subscriber;
  }

  protected makeSubscriber(hooks: SubscriberHooks, shared: SharedConnection | undefined): Subscriber {
    const watch = new ConnectionWatch(this.connectionObservers, 'subscriber');
    return new ServerSubscriber(this, hooks, watch, shared);
  }

  protected forgetSubscriber(): void {
    this.subscriber?.destroy();
    this.subscriber = undefined;
  }

  /** Subscriptions and monitors end. */
  protected async closeFeeds(timeout: number | undefined): Promise<void> {
    this.monitors?.destroy();
    await this.subscriber?.close(timeout);
  }

  protected destroyFeeds(): void {
    this.monitors?.destroy();
    this.subscriber?.destroy();
  }

  protected setFeedsRef(keepsProcess: boolean): void {
    this.feedsKeepProcess = keepsProcess;
    this.subscriber?.setRef(keepsProcess);
    this.monitors?.setRef(keepsProcess);
  }

  private feedHooks(): { onError(error: RedisError): void } {
    return { onError: (error) => this.events.emit('error', error) };
  }

  protected submit(command: Command, call: CallOptions | undefined): void {
    if (call !== undefined) applyCallOptions(command, call);
    if (!command.settled) this.send(command);
  }

  /** Hands a command over to the connection that it takes. */
  protected abstract send(command: PendingCommand): void;

  /** The connection that a command takes, as far as it is known before. */
  protected abstract roadOf(command: PendingCommand): Road | undefined;

  /** The same of commands that are sent as one. */
  roadOfAll(_commands: readonly ShownCommand[]): Road | undefined {
    return undefined;
  }

  private issueSpecial(command: Command, call: CallOptions | undefined): void {
    const { spec } = command;
    if ((spec.flags & (CommandFlag.STATEFUL | CommandFlag.SUBSCRIPTION)) !== 0) {
      const refusal = this.refuseState(command);
      if (refusal !== undefined) {
        command.failWith(refusal);
        return;
      }
    }
    if (call?.signal?.aborted === true) {
      applyCallOptions(command, call);
      return;
    }
    const denied = (spec.flags & CommandFlag.DANGEROUS) === 0 ? undefined : this.guard.denies(spec);
    if (denied !== undefined) {
      command.fail(denied);
      return;
    }
    const wait = (spec.flags & CommandFlag.BLOCKING) === 0 ? undefined : blockingTimeout(spec, command.args);
    if (wait === undefined) this.submit(command, call);
    else if ((spec.flags & CommandFlag.PINNED) === 0) this.submitBlocking(command, wait, call);
    else {
      // WAIT asks about the writes of the connection it comes by; without an end of its own it has that of any command
      if (wait !== Infinity) command.deadline = deadlineAfter(wait + this.options.blockingTimeoutBuffer);
      this.submit(command, call);
    }
  }

  /** KEYS answers with whole keys; its caller knows them without the prefix. */
  private async withoutPrefix(keys: Promise<unknown>): Promise<unknown> {
    return stripPrefix((await keys) as (string | Buffer)[], this.options.keyPrefix);
  }
}
