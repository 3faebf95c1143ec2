import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { PipelinedCommand, type ResultCollector } from './pipelined-command.js';

/** A pipeline under way: its commands, and the results as far as they have come. */
export class PipelineRun implements ResultCollector {
  readonly commands: PipelinedCommand[] = [];
  /** Settles when the last command has; never rejects. */
  readonly done: Promise<void>;
  /** In the order of the commands: replies, and errors where they failed, once these are made. */
  readonly results: unknown[] = [];
  /** Places in {@link results} that hold an error. */
  readonly failed: number[] = [];
  private readonly errors: (() => Error)[] = [];
  private left = 0;
  private finish!: () => void;

  constructor() {
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  /** The error that came first. */
  get firstError(): Error | undefined {
    return this.failed.length === 0 ? undefined : (this.results[this.failed[0]!] as Error);
  }

  add(spec: CommandSpec, args: readonly CommandArgument[], buffers: boolean): PipelinedCommand {
    const command = new PipelinedCommand(spec, args, buffers, this, this.left++);
    this.commands.push(command);
    this.results.push(undefined);
    return command;
  }

  settle(index: number, value: unknown): void {
    this.results[index] = value;
    this.finishOne();
  }

  fail(index: number, create: () => Error): void {
    this.failed.push(index);
    this.errors.push(create);
    this.finishOne();
  }

  /** To be called by the async function that waited: there V8 finds its callers and puts their lines into `error.stack`. */
  makeErrors(): void {
    for (const [nth, index] of this.failed.entries()) this.results[index] = this.errors[nth]!();
  }

  private finishOne(): void {
    if (--this.left === 0) this.finish();
  }
}
