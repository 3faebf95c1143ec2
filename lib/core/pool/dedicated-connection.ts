import { AUTH, DISCARD, HELLO, PING, RESET, UNWATCH, WATCH } from '../commands/commands.generated.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import type { CommandObservers } from '../observation/command-observers.js';
import type { CommandArgument } from '../commands/arguments.js';
import { applyCallOptions } from '../apply-call-options.js';
import { RedisServerError, type RedisError } from '../errors.js';
import type { ConnectionWatch } from '../observation/connection-watch.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { QueuedCommands } from '../transaction/queued-commands.js';
import { TRANSACTION_COMMANDS } from '../transaction/transaction-commands.js';
import { TypedEvents } from '../typed-events.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import { CommandContext } from '../connection/command-context.js';
import { Command } from '../connection/command.js';
import type { ConnectionEvents, ConnectionHooks } from '../connection/connection-hooks.js';
import { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { Destination } from '../connection/route.js';

/** Make another user of its user, who may be allowed less. */
const OF_USERS: ReadonlySet<CommandSpec> = new Set([AUTH, HELLO, RESET]);

interface RequestOptions {
  /** Tick; without it `commandTimeout` from now on. */
  readonly deadline?: number;
  /** The reply is bytes instead of text. */
  readonly buffers?: boolean;
  /** Those who are to see it: what the library sends for itself is nobody's. */
  readonly observers?: CommandObservers;
  /** Ends the wait for the reply. */
  readonly signal?: AbortSignal | undefined;
  /** It has keys, which may be on their way here: see {@link DedicatedConnection.asking}. */
  readonly hasKeys?: boolean;
}

/** A connection that one caller at a time has to itself, and what that caller has set on it. */
export class DedicatedConnection {
  readonly connection: ReconnectingConnection;
  /** What was queued since MULTI; undefined outside of a transaction that was begun by hand. */
  transaction: QueuedCommands | undefined;
  /** Some keys are watched. */
  watching = false;
  /** `multi()` or `watch()` with a callback is under way: nothing else may touch the transaction. */
  section: 'multi()' | 'watch()' | undefined;
  /** The server has taken a MULTI on this connection: its user may use it. */
  multiProved = false;
  /** Why its state is gone or unknown: nothing may be sent any more before the connection was given back. */
  broken: RedisError | undefined;
  /** In a cluster: the slot of the transaction is on its way here, and what asks for it goes out behind an ASKING. */
  asking = false;
  /** Good for who has it, and for nobody after. */
  isSpent = false;
  /** Something was set that only a fresh connection is free of: another database, another name. */
  private altered = false;
  /** Transactions and ends of transactions that are not answered yet. */
  private unanswered = 0;
  private unblocking: Promise<boolean> | undefined;
  private keepsProcess = true;
  private ownEvents: TypedEvents<ConnectionEvents> | undefined;
  private readonly options: ResolvedOptions;

  /** When it was lent, ms; 0 where nobody watches. */
  lentAt = 0;

  /** @param onLost called when a connection that stood has ended. */
  constructor(
    destination: Destination,
    onLost: (dedicated: DedicatedConnection) => void,
    watch: ConnectionWatch,
  ) {
    const hooks: ConnectionHooks = {
      emit: (event, ...payload) => {
        if (event === 'disconnect') {
          const [{ error }] = payload as ConnectionEvents['disconnect'];
          if (this.holdsState) this.broken ??= error;
          this.multiProved = false;
          // the server knows the next one by another number
          this.unblocking = undefined;
        }
        this.ownEvents?.emit(event, ...payload);
        if (event === 'disconnect') onLost(this);
      },
      holdsState: () => this.holdsState,
    };
    this.options = destination.options;
    this.connection = new ReconnectingConnection(destination, hooks, watch);
  }

  /** What befalls the connection, for the caller who has it. */
  get events(): TypedEvents<ConnectionEvents> {
    return (this.ownEvents ??= new TypedEvents());
  }

  /** A fresh connection would not be the same. */
  get holdsState(): boolean {
    return this.watching || this.transaction !== undefined || this.altered || this.unanswered > 0;
  }

  /** Sends a command of the library's own, with `commandTimeout` or another deadline. */
  request(
    spec: CommandSpec,
    args: readonly CommandArgument[],
    { deadline, buffers = false, observers, signal, hasKeys = false }: RequestOptions = {},
  ): Promise<unknown> {
    const command = new Command(spec, args, buffers);
    if (observers?.active === true) observers.show(command, this.connection);
    command.deadline = deadline ?? deadlineAfter(this.options.commandTimeout);
    if (hasKeys && this.asking) (command.context ??= new CommandContext()).asking = true;
    if (signal !== undefined) applyCallOptions(command, { signal });
    if (!command.settled) this.connection.submit(command);
    return command.promise;
  }

  /** Notes what a command is about to change, whatever comes of it. */
  note(spec: CommandSpec): void {
    // which nearly all commands have none of
    if ((spec.flags & (CommandFlag.STATEFUL | CommandFlag.ALTERING)) === 0) return;
    if (OF_USERS.has(spec)) this.multiProved = false;
    if (spec === WATCH) this.watching = true;
    else if (!TRANSACTION_COMMANDS.has(spec)) this.altered = true;
  }

  /** The same, and follows what comes of it. */
  follow(spec: CommandSpec, promise: Promise<unknown>): void {
    this.note(spec);
    if (spec !== UNWATCH && spec !== DISCARD) return;
    this.endTransaction();
    this.hold(promise).catch((error: RedisError) => {
      // nothing else but a refusal tells for certain what has become of it
      if (spec === UNWATCH && error instanceof RedisServerError) this.watching = true;
      else this.broken ??= error;
    });
  }

  /** A command goes out by which the server forgets queued commands and watched keys: what is sent from now on comes behind it. */
  endTransaction(): void {
    this.transaction = undefined;
    this.watching = false;
  }

  /** Until the answer has come no other connection takes the place of this one: it would get a part of a transaction. */
  async hold<Answer>(answer: Promise<Answer>): Promise<Answer> {
    this.unanswered++;
    try {
      return await answer;
    } finally {
      this.unanswered--;
    }
  }

  /** Notes that the server was asked, on another connection, to end the wait on this one. */
  noteUnblock(asked: Promise<unknown>): void {
    const unblocking = asked.then(
      () => true,
      (error: unknown) => error instanceof RedisServerError,
    );
    this.unblocking = unblocking;
    void unblocking.then((isAnswered) => {
      if (isAnswered && this.unblocking === unblocking) this.unblocking = undefined;
    });
  }

  /** May another wait begin? False where a CLIENT UNBLOCK that was meant for one before may still come, and would end it. */
  get mayWait(): true | Promise<boolean> {
    return this.unblocking ?? true;
  }

  /**
   * Makes it what it was before its caller had it. False where only a new connection is that.
   *
   * @param timeout of the server's part in it, ms.
   */
  reset(timeout: number): boolean | Promise<boolean> {
    const { connection } = this;
    const isFree = connection.status === 'ready' && connection.inFlight === 0 && connection.queued === 0;
    // who has not done with multi() or watch() still means this connection
    const isUsed = this.section !== undefined || this.unanswered > 0;
    this.asking = false;
    if (!isFree || isUsed || this.altered || this.isSpent || this.broken !== undefined) return false;
    this.ownEvents = undefined;
    return this.transaction !== undefined || this.watching ? this.undo(timeout) : this.mayWait;
  }

  /** The server may refuse it (ACL), so the next caller must not have the connection before its answer. */
  private async undo(timeout: number): Promise<boolean> {
    const undo = this.transaction === undefined ? UNWATCH : DISCARD;
    this.endTransaction();
    try {
      await this.request(undo, [], { deadline: deadlineAfter(timeout) });
      return await this.mayWait;
    } catch {
      return false;
    }
  }

  /** Does the server still answer? A refusal is an answer too: MISCONF, LOADING. */
  async isAlive(timeout: number): Promise<boolean> {
    if (this.connection.status !== 'ready') return false;
    const command = new Command(PING, [], false);
    command.deadline = deadlineAfter(timeout);
    this.connection.submitNow(command);
    try {
      await command.promise;
      return true;
    } catch (error) {
      return error instanceof RedisServerError;
    }
  }

  /** Does it keep the process alive while it is idle? */
  setRef(keepsProcess: boolean): void {
    if (keepsProcess === this.keepsProcess) return;
    this.keepsProcess = keepsProcess;
    this.connection.setRef(keepsProcess);
  }
}
