import type { CommandArgument } from '../../commands/arguments.js';
import { CommandContext } from '../../connection/command-context.js';
import { PendingCommand } from '../../connection/pending-command.js';

/** One of several commands that are sent in place of one: a node's share of it, or a slot's. Nobody watches it: they watch the whole. */
export class CommandShare extends PendingCommand {
  override context: CommandContext;
  /** What became of it; undefined as long as nothing has. */
  outcome: PromiseSettledResult<unknown> | undefined;

  /** @param onSettled is told once, also where nothing will become of it. */
  constructor(
    whole: PendingCommand,
    args: readonly CommandArgument[],
    private readonly onSettled: () => void,
  ) {
    super(whole.spec, args, whole.buffers);
    this.deadline = whole.deadline;
    this.context = new CommandContext();
    const { settings } = whole;
    this.context.timeout = settings?.timeout;
    this.context.retry = settings?.retry;
    this.context.idempotent = settings?.idempotent;
  }

  /** Nothing is to become of it: another share does the same. */
  drop(): void {
    if (this.settled) return;
    this.settled = true;
    this.onSettled();
  }

  protected override resolve(value: unknown): void {
    this.outcome = { status: 'fulfilled', value };
    this.onSettled();
  }

  protected override reject(create: () => Error): void {
    let error: Error | undefined;
    this.outcome = {
      status: 'rejected',
      // made when it is asked for: by then within the whole command's own error, whose stack shows the caller
      get reason() {
        return (error ??= create());
      },
    };
    this.onSettled();
  }
}
