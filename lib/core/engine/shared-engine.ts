import { CLIENT_UNBLOCK, MONITOR } from '../commands/commands.generated.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import type { ConnectionStats } from '../observation/connection-observer.js';
import { ConnectionWatch } from '../observation/connection-watch.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import { Command } from '../connection/command.js';
import type { ConnectionEvents, ConnectionHooks } from '../connection/connection-hooks.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { RedisDisconnectedError } from '../errors.js';
import type { CallOptions } from '../options.js';
import { ConnectionPool, type ConnectionPoolRole } from '../pool/connection-pool.js';
import type { Subscriber } from '../pubsub/subscriber.js';
import type { QueuedCommand } from '../transaction/queued-commands.js';
import { TRANSACTION_COMMANDS } from '../transaction/transaction-commands.js';
import { TypedEvents } from '../typed-events.js';
import { BlockingCalls } from './blocking-calls.js';
import type { ClientEngine, DedicatedOptions, EngineParts, Wait } from './client-engine.js';
import { ServerEngine } from './server-engine.js';
import { SessionEngine } from './session-engine.js';

/** ms. Who gave up a command should not wait for long on a server that does not answer. */
const UNBLOCK_TIMEOUT = 1_000;

/** After this idle time, ms, a connection beside the shared one is closed. */
const IDLE_TIMEOUT = 60_000;

const BESIDE_SHARED: ConnectionPoolRole = {
  maxOption: 'maxDedicated',
  timeoutOption: 'commandTimeout',
  isPatient: true,
  keepsProcessWhileLent: true,
};

/**
 * The engine of a client: one connection that all callers share, and beside it some that are lent for what must not be
 * shared: blocking commands, transactions, `dedicated()`.
 */
export class SharedEngine extends ServerEngine {
  override readonly isDedicated = false;
  override readonly connection: ReconnectingConnection;
  override readonly events = new TypedEvents<ConnectionEvents>();
  /** Lends connections beside the shared one. */
  readonly lending: ConnectionPool;
  private readonly blocking: BlockingCalls;
  /** It works for a pool. */
  private readonly lendsOnly: boolean;
  /** Subscriptions on the shared connection. */
  private listener: ConnectionHooks | undefined;
  private choosing: Promise<Subscriber> | undefined;

  constructor(parts: EngineParts) {
    super(parts);
    const { options, events, connectionObservers } = this;
    const hooks: ConnectionHooks = {
      emit: (event, ...payload) => {
        this.listener?.emit(event, ...payload);
        events.emit(event, ...payload);
      },
      restore: async (connection, spoken) => this.listener?.restore?.(connection, spoken),
      onGivenUp: (error) => this.listener?.onGivenUp?.(error),
      onPush: (connection, items) => this.listener?.onPush?.(connection, items),
      wantsPushBuffers: () => this.listener?.wantsPushBuffers?.() ?? false,
    };
    const watch = new ConnectionWatch(connectionObservers, 'shared');
    this.connection = new ReconnectingConnection(parts, hooks, watch);
    this.lending = new ConnectionPool(
      { options, route: parts.lentRoute ?? parts.route },
      parts.lends?.size ?? { min: 0, max: options.maxDedicated, idleTimeout: IDLE_TIMEOUT },
      parts.lends?.role ?? BESIDE_SHARED,
      connectionObservers,
    );
    this.lendsOnly = parts.lends !== undefined;
    // idle ones are nobody's reason to go on
    if (!this.lendsOnly) this.lending.setRef(false);
    this.blocking = new BlockingCalls(this.lending, options, this.unblock);
  }

  override get inFlight(): number {
    return this.connection.inFlight + this.blocking.size;
  }

  /** Transactions, blocking commands and `dedicated()` that wait for a connection are among them. */
  override get queued(): number {
    return this.connection.queued + this.lending.stats().waiting;
  }

  override connectionStats(): ConnectionStats {
    return { open: { ...this.connectionObservers.open }, lending: this.lending.stats() };
  }

  override async exclusive<Result>(
    section: 'multi()' | 'watch()',
    _commands: readonly QueuedCommand[],
    wait: Wait,
    work: (dedicated: DedicatedConnection) => Promise<Result>,
  ): Promise<Result> {
    const dedicated = await this.lending.acquire({ ...wait, purpose: section });
    try {
      return await work(dedicated);
    } finally {
      this.lending.release(dedicated);
    }
  }

  override async dedicated<Result>(
    work: (session: ClientEngine) => Promise<Result> | Result,
    { timeout = this.options.commandTimeout, signal }: DedicatedOptions,
  ): Promise<Result> {
    const dedicated = await this.lending.acquire({ timeout, signal, purpose: 'dedicated()' });
    const session = this.openSession(dedicated);
    try {
      return await work(session);
    } finally {
      session.end();
    }
  }

  /** The engine of a client that has this connection to itself. */
  protected openSession(dedicated: DedicatedConnection): SessionEngine {
    return new SessionEngine(this, dedicated, this.lending, this.unblock);
  }

  override ensureSubscriber(): Subscriber | Promise<Subscriber> {
    if (this.subscriber !== undefined || this.options.subscriberConnection === 'own')
      return super.ensureSubscriber();
    return (this.choosing ??= this.chooseSubscriber().finally(() => (this.choosing = undefined)));
  }

  /** Lets what was issued finish. Blocking commands that wait are answered `null`, as after their own timeout. */
  override async close(timeout: number | undefined): Promise<void> {
    const unblocked = this.blocking.endAll();
    await Promise.all([
      this.lending.close(timeout),
      // which ends the waits of the others, and so must not end before
      this.connection.close(timeout, unblocked),
      this.closeFeeds(timeout),
    ]);
  }

  override async dispose(): Promise<void> {
    await this.close(undefined);
  }

  override destroy(): void {
    this.connection.destroy();
    this.lending.destroy();
    this.destroyFeeds();
  }

  override setRef(keepsProcess: boolean): void {
    this.connection.setRef(keepsProcess);
    if (this.lendsOnly) this.lending.setRef(keepsProcess);
    this.setFeedsRef(keepsProcess);
  }

  protected override forgetSubscriber(): void {
    super.forgetSubscriber();
    this.listener = undefined;
  }

  /** On the shared connection where that speaks RESP3, else on one of their own. */
  private async chooseSubscriber(): Promise<Subscriber> {
    const { connection, options } = this;
    const { commandTimeout } = options;
    await connection.connect(commandTimeout === 0 ? Infinity : commandTimeout);
    if (this.status === 'closing' || this.status === 'closed')
      throw new RedisDisconnectedError('CLOSED', 'The client was closed.');
    if (connection.protocol !== 3) return this.createSubscriber();
    return this.createSubscriber({ connection, listen: (hooks) => (this.listener = hooks) });
  }

  protected override refuseState({ spec }: Command): TypeError {
    return new TypeError(
      `${spec.name} changes the state of a connection that all callers of this client share; it was not sent. ${adviceFor(spec)}`,
    );
  }

  protected override submitBlocking(command: Command, wait: number, call: CallOptions | undefined): void {
    this.blocking.submit(command, wait, call);
  }

  /** Gives up the connections at hand, the lent ones too, as if they had been lost. */
  drop(message: string): void {
    this.connection.drop(message);
    this.lending.drop(message);
  }

  /** A blocking command that was made elsewhere. Else as its own. */
  block(command: Command, wait: number, call: CallOptions | undefined): void {
    this.blocking.submit(command, wait, call);
  }

  protected readonly unblock = async (clientId: number): Promise<void> => {
    const { connection } = this;
    const command = new Command(CLIENT_UNBLOCK, [clientId, 'ERROR'], false);
    command.deadline = deadlineAfter(UNBLOCK_TIMEOUT);
    // a client whose only commands were blocking ones has no shared connection yet
    if (connection.status === 'idle' || connection.status === 'connecting') connection.submit(command);
    else connection.submitNow(command);
    await command.promise;
  };
}

function adviceFor(spec: CommandSpec): string {
  if ((spec.flags & CommandFlag.SUBSCRIPTION) !== 0) return 'Use subscribe(), psubscribe() or ssubscribe().';
  if (spec === MONITOR) return 'Use monitor().';
  if (TRANSACTION_COMMANDS.has(spec))
    return 'Use multi(callback) or watch(keys, callback), or a connection of your own by dedicated().';
  return 'Set what it sets by an option of the client (`database`, `username`, `protocol` …), or do it by dedicated().';
}
