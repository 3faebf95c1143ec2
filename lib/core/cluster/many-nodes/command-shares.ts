import type { CommandArgument } from '../../commands/arguments.js';
import { CommandContext } from '../../connection/command-context.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import { RedisAbortError, RedisServerError, type RedisError } from '../../errors.js';
import { CommandShare } from './command-share.js';

/** How a whole command is settled by its shares. */
export interface Joining {
  /**
   * What the whole command answers.
   *
   * @param shares those that something became of, in their order.
   * @throws {RedisError} why it failed.
   */
  join(outcomes: readonly PromiseSettledResult<unknown>[], shares: readonly CommandShare[]): unknown;
  /** Is one share that succeeded enough? */
  readonly oneIsEnough: boolean;
  /** May this share be left out where it came to nothing? */
  isExpendable?(share: CommandShare): boolean;
}

/** Of a server that cannot be used at the moment, whatever it is asked. */
const UNUSABLE: ReadonlySet<string> = new Set(['LOADING', 'MASTERDOWN', 'CLUSTERDOWN']);

/**
 * The shares of one command. When all of them are settled it is, too; when it is settled before, by its signal, what was not sent
 * of them is not sent any more.
 */
export class CommandShares {
  readonly all: CommandShare[] = [];
  private left = 0;

  constructor(
    private readonly whole: PendingCommand,
    private readonly joining: Joining,
  ) {
    const context = (whole.context ??= new CommandContext());
    context.onSettled = () => this.endAll();
  }

  /** To be called for all before the first is sent. */
  add(args: readonly CommandArgument[]): CommandShare {
    const share = new CommandShare(this.whole, args, () => {
      if (--this.left === 0) this.finish();
    });
    this.left++;
    this.all.push(share);
    return share;
  }

  private finish(): void {
    const { whole, joining } = this;
    if (whole.settled) return;
    const settled = this.all.filter((share) => share.outcome !== undefined && !this.isLeftOut(share));
    const outcomes = settled.map(({ outcome }) => outcome!);
    const failed = outcomes.filter(({ status }) => status === 'rejected').length;
    if (failed > 0 && !(joining.oneIsEnough && failed < outcomes.length)) {
      whole.fail(() => failureOf(() => joining.join(outcomes, settled)));
      return;
    }
    try {
      whole.answer(joining.join(outcomes, settled));
    } catch (error) {
      whole.fail(() => error as RedisError);
    }
  }

  /** A server that is not there, or not yet, has nothing to say; one that refuses the command does. */
  private isLeftOut(share: CommandShare): boolean {
    const { outcome } = share;
    if (outcome?.status !== 'rejected' || this.joining.isExpendable?.(share) !== true) return false;
    const error: unknown = outcome.reason;
    return !(error instanceof RedisServerError) || UNUSABLE.has(error.code);
  }

  private endAll(): void {
    const { name } = this.whole.spec;
    for (const share of this.all)
      share.fail(() => new RedisAbortError(`${name} is waited for no more.`, { command: name }));
  }
}

function failureOf(join: () => unknown): RedisError {
  try {
    join();
  } catch (error) {
    return error as RedisError;
  }
  throw new TypeError('Shares that failed were joined.');
}
