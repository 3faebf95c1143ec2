import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { rejectLate } from '../late-error.js';
import { PendingCommand } from './pending-command.js';

type Resolve = (value: unknown) => void;

let captured: Resolve;
const capture = (resolve: Resolve): void => {
  captured = resolve;
};

/** A command with a promise of its own: what each method of a client makes. */
export class Command extends PendingCommand {
  /** The caller's promise. */
  readonly promise: Promise<unknown>;
  private readonly resolvePromise: Resolve;

  constructor(spec: CommandSpec, args: readonly CommandArgument[], buffers: boolean) {
    super(spec, args, buffers);
    // an executor shared by all commands: no closure is made for each
    this.promise = new Promise(capture);
    this.resolvePromise = captured;
  }

  /** Settles with an error at hand, whose stack is the caller's already. */
  failWith(error: Error): void {
    if (this.settled) return;
    this.settled = true;
    this.context?.finish(error);
    this.resolvePromise(Promise.reject(error));
  }

  protected override resolve(value: unknown): void {
    this.resolvePromise(value);
  }

  /**
   * The error is made a few microtasks later, in a job that the caller's promise hangs on: there V8 finds the async
   * functions that await it and puts their lines into `error.stack`. Costs the happy path nothing.
   */
  protected override reject(create: () => Error): void {
    this.resolvePromise(rejectLate(create));
  }
}
