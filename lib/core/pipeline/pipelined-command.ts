import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { PendingCommand } from '../connection/pending-command.js';

/** Collects what the commands of a pipeline came to. */
export interface ResultCollector {
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

  protected override resolve(value: unknown): void {
    this.collector.settle(this.index, value);
  }

  protected override reject(create: () => Error): void {
    this.collector.fail(this.index, create);
  }
}
