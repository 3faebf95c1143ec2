import { checkCallOptions } from './call-options.js';
import type { CommandArgument } from './commands/arguments.js';
import type { CommandSpec } from './commands/command-spec.js';
import { resolveCall } from './commands/resolve-call.js';
import type { CommandGuard } from './guard/command-guard.js';
import type { CallOptions } from './options.js';
import { CommandPipeline, type Pipeline } from './pipeline/pipeline.js';
import { PipelineRun } from './pipeline/pipeline-run.js';
import { ScanningCommands } from './scan/scanning-commands.js';

/** The client behind a view. */
export interface ViewedClient {
  readonly keyPrefix: string;
  readonly guard: CommandGuard;
  /** Issues a command. */
  issue(
    spec: CommandSpec,
    args: CommandArgument[],
    buffers: boolean,
    options: CallOptions | undefined,
  ): Promise<unknown>;
  /** Runs a pipeline. */
  run(pipeline: PipelineRun, options: CallOptions | undefined): Promise<void>;
}

/** A client's commands with settings for the calls made through it: `client.buffers`, `client.with({ … })`, or both. */
export class CommandView<Text extends string | Buffer> extends ScanningCommands<Text> {
  /** Made by a client. */
  constructor(
    private readonly client: ViewedClient,
    private readonly bytes: boolean,
    private readonly options: CallOptions | undefined,
  ) {
    super();
  }

  /** The same with Buffers for text. */
  get buffers(): CommandView<Buffer> {
    return new CommandView<Buffer>(this.client, true, this.options);
  }

  /** The same with further settings; they win over those that it has. */
  with(options: CallOptions): CommandView<Text> {
    checkCallOptions(options);
    return new CommandView<Text>(this.client, this.bytes, { ...this.options, ...options });
  }

  /** A pipeline with these settings: `timeout` and `signal` are for all of it. */
  pipeline(): Pipeline<[], Text> {
    const { client, bytes, options } = this;
    const pipeline: unknown = new CommandPipeline(
      new PipelineRun(bytes, client.keyPrefix),
      (run) => client.run(run, options),
      client.guard,
    );
    return pipeline as Pipeline<[], Text>;
  }

  /** Any command by its words, as {@link RedisClient.call}. */
  async call(name: string, ...args: CommandArgument[]): Promise<unknown> {
    return this.execute(...resolveCall(name, args));
  }

  protected override get keyPrefix(): string {
    return this.client.keyPrefix;
  }

  protected override execute(spec: CommandSpec, args: CommandArgument[]): Promise<unknown> {
    return this.client.issue(spec, args, this.bytes, this.options);
  }
}
