import { CommandBatch } from '../command-batch.js';
import type { AnswerKind } from '../commands/answer.js';
import type { CommandArgument } from '../commands/arguments.js';
import { blockingTimeout } from '../commands/blocking-timeout.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { RedisClientError, type RedisError } from '../errors.js';
import type { PipelineRun } from './pipeline-run.js';
import type { CommandGuard } from '../guard/command-guard.js';
import type { ScriptingCommands } from '../script/scripting-commands.js';

/** How a pipeline ends. */
export interface PipelineExecOptions {
  /** Reject with an `AggregateError` of all errors where there are any, instead of giving them in their places. Default false. */
  throwOnError?: boolean | undefined;
}

/** What a pipeline gives: each command's reply, or the error it met, in its place. */
export type PipelineResults<Results extends readonly unknown[]> = Results extends readonly []
  ? unknown[]
  : { [Index in keyof Results]: Results[Index] | RedisError };

/** A pipeline's way to answer: with itself, the reply added to the results. */
interface Collected<Results extends readonly unknown[], Text extends string | Buffer> extends AnswerKind {
  readonly answer: Pipeline<[...Results, this['reply']], Text>;
}

/**
 * Commands that leave together, and results that come together. Made by `client.pipeline()`; runs once.
 *
 * Chained, the results are a tuple of the replies' types; command by command (`pipeline.get('a'); pipeline.get('b');`)
 * they are `unknown[]`.
 */
export interface Pipeline<
  // said outright: to find it out, the compiler would compare hundreds of methods, each with a tuple that grows
  in out Results extends readonly unknown[] = [],
  in out Text extends string | Buffer = string,
> extends ScriptingCommands<Text, Collected<Results, Text>> {
  /** Commands so far. */
  readonly length: number;
  /** Any command by its words, as `client.call()`. */
  call(name: string, ...args: CommandArgument[]): Pipeline<[...Results, unknown], Text>;
  /**
   * Sends the commands, and gives what came of each when all are done. Other callers' commands may come between them:
   * a pipeline is no transaction.
   *
   * @returns a result for each command, in their order; a failed one's error is a value in its place.
   * @throws {AggregateError} with `throwOnError`, of all errors that there were; {RedisClientError} `EXECUTED` when it ran before.
   */
  exec(options: { throwOnError: true }): Promise<Results extends readonly [] ? unknown[] : Results>;
  /** The same; what failed is among the results. */
  exec(options?: PipelineExecOptions): Promise<PipelineResults<Results>>;
}

/** Sends what was put into a pipeline; the client behind it. */
export type RunPipeline = (run: PipelineRun) => Promise<void>;

/** {@link Pipeline} at run time. */
export class CommandPipeline extends CommandBatch {
  protected override readonly title = 'Pipeline';
  private executed = false;

  constructor(
    private readonly run: PipelineRun,
    private readonly send: RunPipeline,
    guard: CommandGuard,
  ) {
    super(guard);
  }

  async exec({ throwOnError = false }: PipelineExecOptions = {}): Promise<unknown[]> {
    if (this.executed)
      throw new RedisClientError('EXECUTED', 'The pipeline ran already, and runs once only: make a new one.');
    this.executed = true;
    await this.send(this.run);
    // somebody else's SCRIPT FLUSH came between: they were not executed, and are now, behind the others
    const again = this.run.forgottenScripts();
    if (again !== undefined) {
      await this.send(again);
      this.run.take(again);
    }
    const { results, failed } = this.run;
    if (throwOnError && failed.length > 0) throw aggregate(results, failed);
    return results;
  }

  protected override get gathered(): PipelineRun['commands'] {
    return this.run.commands;
  }

  protected override add(spec: CommandSpec, args: CommandArgument[]): void {
    this.run.add(spec, args);
  }

  protected override tooLate({ name }: CommandSpec): Error | undefined {
    if (!this.executed) return undefined;
    const message = `${name}: the pipeline ran already, and runs once only: make a new one.`;
    return new RedisClientError('EXECUTED', message, { command: name });
  }

  protected override unfit(spec: CommandSpec, args: readonly CommandArgument[]): TypeError | undefined {
    const { BLOCKING, STATEFUL, SUBSCRIPTION } = CommandFlag;
    if ((spec.flags & (BLOCKING | STATEFUL | SUBSCRIPTION)) === 0) return undefined;
    if ((spec.flags & (STATEFUL | SUBSCRIPTION)) !== 0) {
      return new TypeError(
        `${spec.name} changes the state of a connection that all callers of this client share: it has no place in a pipeline.`,
      );
    }
    if (blockingTimeout(spec, args) === undefined) return undefined;
    return new TypeError(
      `${spec.name} may wait on the server and would hold up all callers of this client: call it by itself, not in a pipeline.`,
    );
  }
}

function aggregate(results: readonly unknown[], failed: readonly number[]): AggregateError {
  const errors = failed.toSorted((a, b) => a - b).map((index) => results[index] as RedisError);
  const count = `${errors.length} of ${results.length} commands of the pipeline failed`;
  return new AggregateError(errors, `${count}; the first: ${errors[0]!.message}`);
}
