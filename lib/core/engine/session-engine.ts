import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import {
  CLIENT_REPLY,
  DISCARD,
  EXEC,
  MONITOR,
  MULTI,
  PSYNC,
  QUIT,
  SCRIPT_DEBUG,
  SYNC,
} from '../commands/commands.generated.js';
import { prefixKeys } from '../commands/key-positions.js';
import { checkArguments } from '../commands/check-arguments.js';
import type { ConnectionStats } from '../observation/connection-observer.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { Command } from '../connection/command.js';
import { CommandContext } from '../connection/command-context.js';
import type { ConnectionEvents, ConnectionStatus } from '../connection/connection-hooks.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { RedisClientError, RedisConnectionError, RedisServerError, type RedisError } from '../errors.js';
import { rejectLate } from '../late-error.js';
import type { Monitors } from '../monitor/monitors.js';
import type { CallOptions } from '../options.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import type { Subscriber } from '../pubsub/subscriber.js';
import { ScriptSpec } from '../script/script-spec.js';
import { ExecCommand } from '../transaction/exec-command.js';
import { TRANSACTION_COMMANDS } from '../transaction/transaction-commands.js';
import { resultsOf } from '../transaction/run-transaction.js';
import { makeErrors, QueuedCommands, type QueuedCommand } from '../transaction/queued-commands.js';
import { TypedEvents } from '../typed-events.js';
import { heedCaller, type Unblock } from './call-off.js';
import type { ClientEngine, EngineParts, Wait } from './client-engine.js';
import { ServerEngine } from './server-engine.js';

/** Would leave a connection on which replies cannot be paired with commands any more. */
const NEVER: ReadonlyMap<CommandSpec, string> = new Map([
  [CLIENT_REPLY, 'without replies no command could be matched with its answer.'],
  [MONITOR, 'use monitor() of the client.'],
  [PSYNC, 'it begins a stream between servers.'],
  [QUIT, 'give the connection back instead.'],
  [SCRIPT_DEBUG, 'the next script would turn the connection into a debugger.'],
  [SYNC, 'it begins a stream between servers.'],
]);

/** The engine of a client that has its connection to itself, until it is given back. */
export class SessionEngine extends ServerEngine {
  override readonly isDedicated = true;
  private ended = false;

  /**
   * @param pool takes the connection back.
   * @param unblock ends the wait of its blocking commands from outside, where there is a way.
   */
  constructor(
    parts: EngineParts,
    private readonly own: DedicatedConnection,
    readonly pool: ConnectionPool,
    private readonly unblock?: Unblock,
  ) {
    super(parts);
  }

  override get connection(): ReconnectingConnection {
    return this.own.connection;
  }

  override get events(): TypedEvents<ConnectionEvents> {
    // what it hears after its end are events of somebody else's connection
    return this.ended ? new TypedEvents() : this.own.events;
  }

  /** It was given back, or is given back now: nothing can be done with it any more. False where that had happened before. */
  end(): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.destroyFeeds();
    this.pool.release(this.own);
    return true;
  }

  override dispose(): void {
    this.end();
  }

  override get status(): ConnectionStatus {
    return this.ended ? 'closed' : super.status;
  }

  /** Of those who lent it: it has nothing but what is theirs. */
  override connectionStats(): ConnectionStats {
    return { open: { ...this.connectionObservers.open }, lending: this.pool.stats() };
  }

  override issue(
    spec: CommandSpec,
    args: CommandArgument[],
    buffers: boolean,
    call: CallOptions | undefined,
  ): Promise<unknown> {
    const refusal = this.refusal(spec.name);
    if (refusal !== undefined) return rejectLate(refusal);
    const { transaction } = this.own;
    if (transaction === undefined) {
      if (spec === MULTI) return this.begin(buffers, call);
      return super.issue(spec, args, buffers, call);
    }
    if (spec === EXEC) return this.exec(transaction, call);
    if ((spec.flags & CommandFlag.STATEFUL) !== 0) return super.issue(spec, args, buffers, call);
    // that the server does not know a script would come out with EXEC, too late to send it as a whole
    if (spec instanceof ScriptSpec) return this.queue(transaction, spec.whole, spec.wholeArgs(args), call);
    return this.queue(transaction, spec, args, call);
  }

  override run(pipeline: PipelineRun, call: CallOptions | undefined): Promise<void> {
    const refusal = this.refusal('A pipeline');
    if (refusal !== undefined) return rejectLate(refusal);
    if (this.own.transaction !== undefined) {
      return Promise.reject(
        new TypeError(
          'A pipeline has no place between multi() and exec(): issue its commands by themselves.',
        ),
      );
    }
    for (const { spec } of pipeline.commands) this.own.note(spec);
    return super.run(pipeline, call);
  }

  override async exclusive<Result>(
    section: 'multi()' | 'watch()',
    _commands: readonly QueuedCommand[],
    { timeout }: Wait,
    work: (dedicated: DedicatedConnection) => Promise<Result>,
  ): Promise<Result> {
    const { own } = this;
    const refusal = this.refusal(section);
    if (refusal !== undefined) throw refusal();
    if (own.section !== undefined) throw underWay(section, own.section);
    if (own.transaction !== undefined)
      throw new TypeError(
        `${section}: transactions cannot be nested; end the one that multi() began by exec() or discard().`,
      );
    if (own.watching)
      throw new TypeError(
        `${section}: keys are watched by hand on this connection; begin with multi(), or call unwatch() first.`,
      );
    own.section = section;
    try {
      if (own.connection.status !== 'ready') await own.connection.connect(timeout === 0 ? Infinity : timeout);
      return await work(own);
    } finally {
      own.section = undefined;
    }
  }

  override dedicated<Result>(work: (session: ClientEngine) => Promise<Result> | Result): Promise<Result> {
    // it has one already
    return Promise.resolve(work(this));
  }

  override ensureSubscriber(): Subscriber | Promise<Subscriber> {
    this.assertUsable('subscribe()');
    return super.ensureSubscriber();
  }

  override ensureMonitors(): Monitors {
    this.assertUsable('monitor()');
    return super.ensureMonitors();
  }

  /** Lets what was issued finish, then ends the connection: whoever lent it makes another one. */
  override async close(timeout: number | undefined): Promise<void> {
    if (this.ended) return;
    await Promise.all([this.own.connection.close(timeout), this.closeFeeds(timeout)]);
  }

  override async connect(deadline: number | undefined): Promise<void> {
    this.assertUsable('connect()');
    await super.connect(deadline);
  }

  override async probe(timeout: number): Promise<number> {
    this.assertUsable('probe()');
    return super.probe(timeout);
  }

  override async probeSubscriber(timeout: number): Promise<number> {
    this.assertUsable('probeSubscriber()');
    return super.probeSubscriber(timeout);
  }

  /** Ends the connection: whoever lent it makes another one. */
  override destroy(): void {
    // it may be somebody else's by now
    if (this.ended) return;
    this.own.connection.destroy();
    this.destroyFeeds();
  }

  override setRef(keepsProcess: boolean): void {
    if (!this.ended) this.own.setRef(keepsProcess);
  }

  protected override refuseState(command: Command): TypeError | undefined {
    const { spec } = command;
    if ((spec.flags & CommandFlag.SUBSCRIPTION) !== 0)
      return new TypeError(`${spec.name} was not sent. Use subscribe(), psubscribe() or ssubscribe().`);
    const never = NEVER.get(spec);
    if (never !== undefined) return new TypeError(`${spec.name} was not sent: ${never}`);
    const isOfTransaction = TRANSACTION_COMMANDS.has(spec);
    if (!isOfTransaction && this.own.transaction === undefined) return undefined;
    const { section, transaction } = this.own;
    if (section !== undefined) return underWay(spec.name, section);
    if (transaction === undefined) {
      return spec === EXEC
        ? new TypeError('EXEC was not sent: a transaction begins with multi().')
        : undefined;
    }
    return spec === DISCARD
      ? undefined
      : new TypeError(
          `${spec.name} was not sent: after multi() come the commands of the transaction, then exec() or discard().`,
        );
  }

  protected override submit(command: Command, call: CallOptions | undefined): void {
    this.own.follow(command.spec, command.promise);
    super.submit(command, call);
  }

  protected override submitBlocking(command: Command, wait: number, call: CallOptions | undefined): void {
    const context = (command.context ??= new CommandContext());
    context.blocking = true;
    context.retry = call?.retry;
    context.idempotent = call?.idempotent;
    context.longest = wait + this.options.blockingTimeoutBuffer;
    command.deadline = deadlineAfter(context.longest);
    if (call !== undefined) {
      const forget = heedCaller(command, this.own, this.unblock, call);
      context.onSettled = () => {
        forget();
        // the server may not have done with it: see Unblock
        if (context.unblocked) this.own.isSpent = true;
      };
    }
    const { mayWait } = this.own;
    if (mayWait === true) super.submit(command, undefined);
    else void mayWait.then((may) => this.submitLater(command, may));
  }

  /** After what was meant for an earlier wait; where that may still come, on another connection. */
  private submitLater(command: Command, mayWait: boolean): void {
    if (!mayWait) this.connection.drop('An earlier wait on it could not be ended for certain.');
    const refusal = this.refusal(command.spec.name);
    if (refusal !== undefined) command.fail(refusal);
    else if (!command.settled) super.submit(command, undefined);
  }

  private begin(buffers: boolean, call: CallOptions | undefined): Promise<unknown> {
    const begun = super.issue(MULTI, [], buffers, call);
    const { own } = this;
    if (own.section !== undefined) return begun;
    const transaction = new QueuedCommands(buffers, this.options.keyPrefix);
    own.transaction = transaction;
    begun.catch((error: RedisError) => {
      if (own.transaction !== transaction) return;
      if (error instanceof RedisServerError || error instanceof TypeError) own.transaction = undefined;
      else own.broken ??= error;
    });
    return begun;
  }

  /** Between MULTI and EXEC: the server answers `QUEUED`, and the reply comes with EXEC's. */
  private queue(
    transaction: QueuedCommands,
    spec: CommandSpec,
    given: CommandArgument[],
    call: CallOptions | undefined,
  ): Promise<unknown> {
    const wrong = checkArguments(spec, given);
    if (wrong !== undefined) return Promise.reject(wrong);
    const denied = (spec.flags & CommandFlag.DANGEROUS) === 0 ? undefined : this.guard.denies(spec);
    if (denied !== undefined) return rejectLate(denied);
    const place = transaction.list.length;
    transaction.add(spec, prefixKeys(spec, given, this.options.keyPrefix));
    const queued = super.issue(spec.queued, given, false, call);
    queued.catch((error: RedisError) => {
      if (error instanceof RedisServerError) transaction.refusals.push({ place, create: () => error });
      // nobody knows whether the server has queued it
      else this.own.broken ??= error;
    });
    return queued;
  }

  private async exec(transaction: QueuedCommands, call: CallOptions | undefined): Promise<unknown> {
    const exec = new ExecCommand(transaction);
    exec.deadline = deadlineAfter(this.options.commandTimeout);
    if (this.observers.active) this.observers.show(exec, this.connection);
    const answer = this.own.hold(exec.promise);
    super.submit(exec, call);
    this.own.endTransaction();
    const results = await resultsOf(answer, this.own, transaction);
    return results === null ? null : makeErrors(results);
  }

  override assertUsable(what: string): void {
    const refusal = this.refusal(what);
    if (refusal !== undefined) throw refusal();
  }

  /** Why nothing may be done with it any more, or undefined. */
  private refusal(what: string): (() => RedisError) | undefined {
    if (this.ended) {
      return () =>
        new RedisClientError(
          'RELEASED',
          `${what}: nothing was sent, for this client was given back already. Acquire one for as long as it is needed.`,
        );
    }
    const { broken } = this.own;
    if (broken === undefined) return undefined;
    return () =>
      new RedisConnectionError(
        'connection_lost',
        `${what}: nothing was sent, for this connection had a transaction, watched keys or settings on it that are gone: ${broken.message} Begin anew on another one.`,
        { cause: broken },
      );
  }
}

function underWay(what: string, section: string): TypeError {
  return new TypeError(
    `${what}: ${section} is under way on this connection, and transactions cannot be nested.`,
  );
}
