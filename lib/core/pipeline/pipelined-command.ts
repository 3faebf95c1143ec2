import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import type { CallSettings, CommandContext } from '../connection/command-context.js';
import { PendingCommand } from '../connection/pending-command.js';

/** Collects what the commands of a pipeline came to. */
export interface ResultCollector {
  readonly settings: CallSettings | null;
  readonly observation: CommandContext | null;
  settle(index: number, value: unknown): void;
  fail(index: number, create: () => Error): void;
}

/** One command of a pipeline: no promise of its own, but a place in the pipeline's results. */
export class PipelinedCommand extends PendingCommand {
  constructor(
    spec: CommandSpec,
    args: readonly CommandArgument[],
    buffers: boolean,
    private readonly collector: ResultCollector,
    private readonly index: number,
  ) {
    super(spec, args, buffers);
  }

  /** The pipeline's: a hundred thousand commands need no context each to know them. */
  override get settings(): CallSettings | null {
    return this.collector.settings;
  }

  /** Those who watch the pipeline: to them it is one. */
  override get observation(): CommandContext | null {
    return this.collector.observation;
  }

  protected override resolve(value: unknown): void {
    this.collector.settle(this.index, value);
  }

  protected override reject(create: () => Error): void {
    this.collector.fail(this.index, create);
  }
}
