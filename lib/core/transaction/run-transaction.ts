import { onceAborted } from '../abort-signals.js';
import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { EXEC, MULTI } from '../commands/commands.generated.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import { Command } from '../connection/command.js';
import { CommandContext } from '../connection/command-context.js';
import type { ClientEngine } from '../engine/client-engine.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import { PendingCommand } from '../connection/pending-command.js';
import { RedisAbortError, RedisServerError, type RedisError } from '../errors.js';
import { remakeError } from '../late-error.js';
import type { TimeLimit } from '../time-limit.js';
import { ExecCommand } from './exec-command.js';
import { FailedResult, type QueuedCommands, type Refusal } from './queued-commands.js';

/** What a transaction runs with. */
export interface TransactionRun {
  readonly dedicated: DedicatedConnection;
  /** For the answers. */
  readonly limit: TimeLimit;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes sure that the server takes MULTI from this user. Where it refuses that (ACL) it would run what follows in the same
 * write command by command, so it is asked apart: once for each connection, and before keys are watched, which this would
 * forget.
 */
export async function proveMulti({ dedicated, limit, signal }: TransactionRun): Promise<void> {
  if (dedicated.multiProved) return;
  const deadline = deadlineAfter(limit.left);
  const begun = dedicated.request(MULTI, [], { deadline, signal });
  // not DISCARD, which it may be denied: the connection would go on queueing. A refused EXEC drops the transaction
  const ended = dedicated.request(EXEC, [], { deadline, signal });
  ended.catch(() => undefined);
  await begun;
  await ended;
  dedicated.multiProved = true;
}

/**
 * Sends MULTI, the commands and EXEC as one.
 *
 * @returns a result or a {@link FailedResult} for each command, or null where a watched key has changed.
 * @throws {RedisServerError} `EXECABORT` naming the command that the server refused; nothing was executed then.
 */
export async function runTransaction(
  { dedicated, limit, signal }: TransactionRun,
  queued: QueuedCommands,
): Promise<unknown[] | null> {
  if (signal?.aborted === true) throw aborted(signal);
  queued.refusals.length = 0;
  if (dedicated.broken !== undefined) throw remakeError(dedicated.broken);
  for (const { spec } of queued.list) dedicated.note(spec);
  const exec = new ExecCommand(queued);
  const begin = new Command(MULTI, [], false);
  // what ASKING allows, MULTI keeps until EXEC
  if (dedicated.asking) (begin.context = new CommandContext()).asking = true;
  begin.promise.catch((error: RedisError) => queued.refusals.unshift({ place: -1, create: () => error }));
  const commands = [
    begin,
    ...queued.list.map(({ spec, args }, place) => new Queueing(spec.queued, args, place, queued.refusals)),
    exec,
  ];
  const deadline = deadlineAfter(limit.left);
  for (const command of commands) command.deadline = deadline;
  const forgetSignal =
    signal === undefined
      ? undefined
      : onceAborted(signal, () => {
          for (const command of commands) command.fail(() => aborted(signal));
        });
  // synchronously, so that nothing comes between them
  const answer = dedicated.hold(exec.promise);
  for (const command of commands) dedicated.connection.submit(command);
  dedicated.endTransaction();
  try {
    return await resultsOf(answer, dedicated, queued);
  } finally {
    forgetSignal?.();
  }
}

/** Waits for EXEC's answer. Else as {@link runTransaction}. */
export async function resultsOf(
  answer: Promise<unknown>,
  dedicated: DedicatedConnection,
  queued: QueuedCommands,
): Promise<unknown[] | null> {
  try {
    return (await answer) as unknown[] | null;
  } catch (error) {
    // without the server's answer nobody knows what state it left the connection in
    if (!(error instanceof RedisServerError)) dedicated.broken ??= error as RedisError;
    if (queued.refusals[0]?.place === -1) dedicated.multiProved = false;
    throw explain(error as RedisError, queued);
  }
}

/** Shows a transaction to those who watch, from here to its results or its failure. */
export async function observed<Results extends unknown[] | null>(
  engine: ClientEngine,
  queued: QueuedCommands,
  run: (observation: CommandContext | undefined) => Promise<Results>,
): Promise<Results> {
  const { observers } = engine;
  const observation = observers.batchesActive
    ? observers.showTransaction(queued.list, engine.roadOfAll(queued.list))
    : undefined;
  try {
    const results = await run(observation);
    observation?.finish(results?.find((result) => result instanceof FailedResult)?.create(), results);
    return results;
  } catch (error) {
    observation?.finish(error as Error);
    throw error;
  }
}

/** A command on its way into the server's queue, where it is answered `QUEUED` or refused. */
class Queueing extends PendingCommand {
  constructor(
    spec: CommandSpec,
    args: readonly CommandArgument[],
    private readonly place: number,
    private readonly refusals: Refusal[],
  ) {
    super(spec, args, false);
  }

  protected override resolve(): void {}

  protected override reject(create: () => Error): void {
    this.refusals.push({ place: this.place, create });
  }
}

/** EXEC says only that something was refused; what it was, the command's own answer told. */
function explain(error: RedisError, { list, refusals }: QueuedCommands): RedisError {
  const [first] = refusals;
  if (!(error instanceof RedisServerError) || first === undefined) return error;
  const cause = first.create();
  const name = list[first.place]?.spec.name;
  if (name === undefined) {
    // it had taken one before: this user's rights were changed since
    const what = 'What followed was executed command by command, as far as the server took it.';
    return new RedisServerError(`${cause.message} It was the MULTI of a transaction. ${what}`, {
      command: MULTI.name,
      cause,
    });
  }
  const which = `${name}, command ${first.place + 1} of ${list.length},`;
  return new RedisServerError(
    `EXECABORT nothing of the transaction was executed: the server refused ${which} with: ${cause.message}`,
    { command: name, cause },
  );
}

function aborted(signal: AbortSignal): RedisAbortError {
  return new RedisAbortError('The transaction was aborted by its signal.', { cause: signal.reason });
}
