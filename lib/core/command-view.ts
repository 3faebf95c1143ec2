import { checkCallOptions } from './call-options.js';
import type { CommandArgument } from './commands/arguments.js';
import type { CommandSpec } from './commands/command-spec.js';
import { RedisCommands } from './commands/commands.generated.js';
import { resolveCall } from './commands/resolve-call.js';
import type { CallOptions } from './options.js';
import { CommandPipeline, type Pipeline, type PipelineStep } from './pipeline/pipeline.js';

/** Issues a command of the client behind a view. */
export type Issue = (
  spec: CommandSpec,
  args: CommandArgument[],
  buffers: boolean,
  options: CallOptions | undefined,
) => Promise<unknown>;

/** Runs a pipeline of the client behind a view. */
export type RunSteps = (
  steps: readonly PipelineStep[],
  buffers: boolean,
  options: CallOptions | undefined,
) => ReturnType<PipelineRunner>;
type PipelineRunner = ConstructorParameters<typeof CommandPipeline>[0];

/** A client's commands with settings for the calls made through it: `client.buffers`, `client.with({ … })`, or both. */
export class CommandView<Text extends string | Buffer> extends RedisCommands<Text> {
  /** Made by a client. */
  constructor(
    private readonly issue: Issue,
    private readonly runSteps: RunSteps,
    private readonly bytes: boolean,
    private readonly options: CallOptions | undefined,
  ) {
    super();
  }

  /** The same with Buffers for text. */
  get buffers(): CommandView<Buffer> {
    return new CommandView<Buffer>(this.issue, this.runSteps, true, this.options);
  }

  /** The same with further settings; they win over those that it has. */
  with(options: CallOptions): CommandView<Text> {
    checkCallOptions(options);
    return new CommandView<Text>(this.issue, this.runSteps, this.bytes, { ...this.options, ...options });
  }

  /** A pipeline with these settings: `timeout` and `signal` are for all of it. */
  pipeline(): Pipeline<[], Text> {
    const { bytes, options } = this;
    const pipeline: unknown = new CommandPipeline((steps) => this.runSteps(steps, bytes, options));
    return pipeline as Pipeline<[], Text>;
  }

  /** Any command by its words, as {@link RedisClient.call}. */
  async call(name: string, ...args: CommandArgument[]): Promise<unknown> {
    return this.execute(...resolveCall(name, args));
  }

  protected override execute(spec: CommandSpec, args: CommandArgument[]): Promise<unknown> {
    return this.issue(spec, args, this.bytes, this.options);
  }
}
