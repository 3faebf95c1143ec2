import { inspect } from 'node:util';
import { checkCallOptions } from './call-options.js';
import type { CommandArgument, RedisKey } from './commands/arguments.js';
import type { CommandSpec } from './commands/command-spec.js';
import { MULTI, WATCH } from './commands/commands.generated.js';
import { resolveCall } from './commands/resolve-call.js';
import type { ConnectionStatus } from './connection/connection-hooks.js';
import type { ClientEngine } from './engine/client-engine.js';
import type { CallOptions } from './options.js';
import { CommandPipeline, type Pipeline, type PipelineResults } from './pipeline/pipeline.js';
import { PipelineRun } from './pipeline/pipeline-run.js';
import type { Reply } from './protocol/reply.js';
import type { ScanStep } from './scan/scan-batches.js';
import { ScanningCommands } from './scan/scanning-commands.js';
import { BoundScript, type ScriptDefinition } from './script/script.js';
import { isUnknownScript } from './script/unknown-script.js';
import type { ScriptSpec } from './script/script-spec.js';
import { makeErrors } from './transaction/queued-commands.js';
import { runMulti } from './transaction/run-multi.js';
import { runWatch } from './transaction/run-watch.js';
import { withoutFailures } from './transaction/without-failures.js';
import { CommandTransaction, type Transaction } from './transaction/transaction.js';
import {
  checkMulti,
  checkWatch,
  type TransactionOptions,
  type WatchOptions,
} from './transaction/transaction-options.js';

/** What `multi()` gives: a result, or the error that the command met while it was executed, for each of them. */
type TransactionResults<Results extends readonly unknown[]> = PipelineResults<Results>;

/** What a callback may give back: the chain of its commands, or nothing. */
type Filled<Results extends readonly unknown[], T extends string | Buffer> =
  Transaction<Results, T> | void | Promise<Transaction<Results, T> | void>;

/** `watch()`'s callback as it is called. */
type Fill = (transaction: CommandTransaction, watched: Record<string, unknown>) => unknown;

/** A client that has its connection to itself. */
interface Dedicated {
  readonly isDedicated: true;
}

/** Everything that clients and their views do with commands; the settings of its calls are the view's. */
export abstract class ClientCommands<in out T extends string | Buffer = string> extends ScanningCommands<T> {
  /** @param bytes replies are Buffers instead of text. */
  constructor(
    protected readonly engine: ClientEngine,
    protected readonly bytes: boolean,
    protected readonly callOptions: CallOptions | undefined,
  ) {
    super();
  }

  /**
   * Commands that leave together: `await client.pipeline().set('a', 1).incr('a').exec()` gives `['OK', 2]`. Saves the round
   * trips of commands that do not need one another's results. By `with()`, `timeout` and `signal` are for all of it.
   */
  pipeline(): Pipeline<[], T> {
    const { engine, bytes, callOptions } = this;
    const pipeline: unknown = new CommandPipeline(
      new PipelineRun(bytes, engine.options.keyPrefix),
      (run) => engine.run(run, callOptions),
      engine.guard,
    );
    return pipeline as Pipeline<[], T>;
  }

  /**
   * Commands that are executed as one (MULTI, EXEC), on a connection of their own: no other caller's command comes between
   * them. `await client.multi((tx) => tx.incr('n').get('n'))` gives `[1, '1']`.
   *
   * @param fill adds the commands; may be async. Nothing is sent before it is done, and nothing at all where it throws.
   * @returns a result for each command, in their order; of one that failed while it was executed, its error in its place. The
   *   others have taken effect all the same: Redis rolls nothing back.
   * @throws {RedisServerError} `EXECABORT` naming the command that the server refused; nothing was executed then.
   * @throws {RedisTimeoutError} after `commandTimeout`, counted from the end of the callback: kind `'pool'` where no connection
   *   was free, else it may have taken effect; {RedisConnectionError} where it was lost on its way, which may have too;
   *   {RedisAbortError} by the signal of `with()`.
   * @throws {AggregateError} with `throwOnError`, of all errors among the results.
   */
  multi<Results extends readonly unknown[] = []>(
    fill: (transaction: Transaction<[], T>) => Filled<Results, T>,
    options: TransactionOptions & { throwOnError: true },
  ): Promise<Results extends readonly [] ? unknown[] : Results>;
  multi<Results extends readonly unknown[] = []>(
    fill: (transaction: Transaction<[], T>) => Filled<Results, T>,
    options?: TransactionOptions,
  ): Promise<TransactionResults<Results>>;
  /** By hand, on a dedicated connection: what follows is queued, and answered `'QUEUED'`, until `exec()` or `discard()`. */
  multi(this: Dedicated): Promise<'OK'>;
  async multi(
    fill?: (transaction: Transaction<[], T>) => unknown,
    options: TransactionOptions = {},
  ): Promise<unknown> {
    // oxlint-disable-next-line prefer-rest-params
    if (arguments.length === 0) return this.execute(MULTI, []);
    checkMulti(fill, options);
    const transaction = this.createTransaction();
    const filling = fill(transaction as unknown as Transaction<[], T>);
    // no turn of the microtasks where there is nothing to wait for: close() may follow in this tick
    if (isThenable(filling)) await filling;
    const results = makeErrors(await runMulti(this.engine, transaction.take(), this.callOptions));
    return options.throwOnError === true ? withoutFailures(results) : results;
  }

  /**
   * A transaction that takes place only if nobody changes the watched keys meanwhile: reads them, hands their values to the
   * callback, and runs what that has added.
   *
   * @param keys those whose change counts.
   * @param fill gets the transaction and the keys' values, text or null (also of what is no string); may be async, and may read
   *   by other clients: all that it reads is newer than the watch. It may be called again, with `retries`.
   * @returns the results as {@link multi} gives them, or null where a watched key has changed and nothing was executed.
   * @throws what {@link multi} throws, `commandTimeout` counted for each exchange with the server; what `fill` throws.
   */
  watch<const Key extends RedisKey, Results extends readonly unknown[] = []>(
    keys: Key | readonly Key[],
    fill: (
      transaction: Transaction<[], T>,
      watched: Record<Key extends string ? Key : string, T | null>,
    ) => Filled<Results, T>,
    options: WatchOptions & { throwOnError: true },
  ): Promise<(Results extends readonly [] ? unknown[] : Results) | null>;
  watch<const Key extends RedisKey, Results extends readonly unknown[] = []>(
    keys: Key | readonly Key[],
    fill: (
      transaction: Transaction<[], T>,
      watched: Record<Key extends string ? Key : string, T | null>,
    ) => Filled<Results, T>,
    options?: WatchOptions,
  ): Promise<TransactionResults<Results> | null>;
  /** By hand, on a dedicated connection: until the next `exec()`, `discard()` or `unwatch()`. */
  watch(this: Dedicated, ...keys: RedisKey[]): Promise<'OK'>;
  async watch(...given: unknown[]): Promise<unknown> {
    if (given.length > 0 && given.every(isKey)) return this.execute(WATCH, given);
    const [keys, fill, options = {}] = given as [RedisKey, Fill, WatchOptions?];
    const list = checkWatch(keys, fill, options);
    const watch = {
      keys: list,
      fill: async (watched: Record<string, unknown>) => {
        const transaction = this.createTransaction();
        await fill(transaction, watched);
        return transaction;
      },
      retries: options.retries ?? 0,
      buffers: this.bytes,
    };
    const answered = await runWatch(this.engine, watch, this.callOptions);
    if (answered === null) return null;
    const results = makeErrors(answered);
    return options.throwOnError === true ? withoutFailures(results) : results;
  }

  /**
   * A Lua script to be called as a function: `const add = client.script({ lua, keys: 1 }); await add.call(['counter'], [10])`. Runs
   * with the settings of the view that made it. Sends nothing yet.
   *
   * @throws {TypeError} for a definition that is none.
   */
  script<Result = Reply>(definition: ScriptDefinition<Result>): BoundScript<Result> {
    return new BoundScript(definition, (script, keys, args) => this.callScript(script, keys, args));
  }

  /**
   * Any command, by its words: `call('GET', 'key')`, `call('CONFIG', 'GET', 'maxmemory')`. A known one answers as its
   * method does; one that this version does not know gives the reply as decoded, and gets no key prefix.
   */
  async call(name: string, ...args: CommandArgument[]): Promise<unknown> {
    return this.execute(...resolveCall(name, args));
  }

  /** What a logger that writes JSON may show: no settings, no arguments of commands that wait. */
  toJSON(): { address: string; status: ConnectionStatus; inFlight: number; queued: number } {
    const { address, status, inFlight, queued } = this.engine;
    return { address, status, inFlight, queued };
  }

  /** What a log shows of it. */
  [inspect.custom](): string {
    const { address, status, inFlight, queued } = this.toJSON();
    return `${this.constructor.name} { ${address}, ${status}, ${inFlight} in flight, ${queued} queued }`;
  }

  /** What a view of this one with further settings is made with; they win over those that it has. */
  protected settingsWith(options: CallOptions): CallOptions {
    checkCallOptions(options);
    return { ...this.callOptions, ...options };
  }

  protected override get keyPrefix(): string {
    return this.engine.options.keyPrefix;
  }

  protected override keyStepper(args: readonly CommandArgument[]): ScanStep<T> | undefined {
    return this.engine.scanStep(args, this.bytes, this.callOptions) as ScanStep<T> | undefined;
  }

  protected override execute(spec: CommandSpec, args: CommandArgument[]): Promise<unknown> {
    return this.engine.issue(spec, args, this.bytes, this.callOptions);
  }

  /** By SHA-1, and as a whole where the server does not know it: the two together in the time of one call. */
  protected override async executeScript(spec: ScriptSpec, args: CommandArgument[]): Promise<unknown> {
    const { engine, bytes, callOptions } = this;
    const started = performance.now();
    try {
      return await engine.issue(spec, args, bytes, callOptions);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
    }
    const limit = callOptions?.timeout ?? engine.options.commandTimeout;
    const left = limit === 0 ? 0 : Math.max(1, limit - (performance.now() - started));
    return await engine.issue(spec.whole, spec.wholeArgs(args), bytes, { ...callOptions, timeout: left });
  }

  private createTransaction(): CommandTransaction {
    const { options, guard } = this.engine;
    return new CommandTransaction(this.bytes, options.keyPrefix, guard);
  }
}

function isKey(value: unknown): value is RedisKey {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

/** What `await` waits for, whoever made it. */
function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
