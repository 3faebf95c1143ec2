import { CommandFlag } from '../commands/command-spec.js';
import { RedisServerError, type RedisError } from '../errors.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { FORCED_UNBLOCK, isForcedUnblock, isPassingMessage, isUnblocked, retryDelay } from '../retry.js';
import { deadlineAfter } from './coarse-clock.js';
import { CommandContext } from './command-context.js';
import { failLost } from './command-errors.js';
import type { ConnectionStatus } from './connection-hooks.js';
import type { PendingCommand } from './pending-command.js';
import { serverError } from './server-error.js';
import { waitLeft, waitOnlyFor } from './wait-left.js';
import type { WaitingCommands } from './waiting-commands.js';

type RetryRule = ResolvedOptions['retry'];

/** Sends failed commands again: asks each one's retry rule, and puts those that get another attempt where they wait for it. */
export class CommandRetry {
  /**
   * @param owner whose status is looked at anew each time: a rule is the user's code, and may close the client.
   * @param waiting where the commands of further attempts go.
   * @param isPatient see `Route`.
   */
  constructor(
    private readonly owner: { readonly status: ConnectionStatus },
    private readonly options: ResolvedOptions,
    private readonly waiting: WaitingCommands,
    private readonly isPatient = false,
  ) {}

  /** The server refused a command, in these words. True when another attempt follows. */
  refused(command: PendingCommand, said: string): boolean {
    const { context } = command;
    const message = context?.moves === true && isUnblocked(said) ? FORCED_UNBLOCK : said;
    if (context !== null) context.moves = false;
    const rule = this.ruleOf(command);
    // most refusals are final: no error is made to learn that
    if (rule === false || (rule === 'idempotent' && !isPassingMessage(message))) return false;
    const left = isForcedUnblock(message) ? waitLeft(command, this.options) : undefined;
    if (!this.tryAgain(command, rule, serverError(message, command.spec.name, command.args))) return false;
    if (left !== undefined) waitOnlyFor(command, left, this.options);
    return true;
  }

  /** A command was not answered in time. True when another attempt follows. */
  unanswered(command: PendingCommand, create: () => RedisError): boolean {
    const rule = this.ruleOf(command);
    // by the built-in rule `commandTimeout` holds from call to reply: there is no time left for another attempt
    if (this.owner.status === 'closing' || rule === false || rule === 'idempotent') return false;
    return this.tryAgain(command, rule, create());
  }

  /** Sorts what a lost connection held: what never left waits again, in its place; of the rest, what may be sent twice. */
  giveBack(
    address: string,
    error: RedisError,
    sent: readonly PendingCommand[],
    unsent: readonly PendingCommand[],
  ): void {
    const again: PendingCommand[] = [];
    for (const command of sent) {
      if (command.settled) continue;
      const rule = this.ruleOf(command);
      const delay = this.owner.status === 'closing' ? false : this.delayBefore(command, rule, error);
      if (delay === false) failLost(command, error, address);
      // by the built-in rule it goes out with the next connection, in its place
      else if (rule === 'idempotent') {
        if (command.isBlocking) {
          command.deadline = this.deadlineOf(command, 0);
          command.context!.moves = false;
        }
        this.noteRetry(command, 0, error);
        again.push(command);
      } else this.holdBack(command, rule, delay, error);
    }
    for (const command of unsent) {
      if (command.settled) continue;
      command.observation?.note({ type: 'waiting', error });
      again.push(command);
    }
    this.waiting.giveBack(again);
    // a retry rule closed the client meanwhile
    if (this.owner.status === 'closed') this.waiting.refuseAll('the client was closed first.');
  }

  private ruleOf({ spec, settings }: PendingCommand): RetryRule {
    return (spec.flags & CommandFlag.ONCE) === 0 ? (settings?.retry ?? this.options.retry) : false;
  }

  private tryAgain(command: PendingCommand, rule: RetryRule, error: RedisError): boolean {
    const delay = this.delayBefore(command, rule, error);
    if (delay === false) return false;
    this.holdBack(command, rule, delay, error);
    return true;
  }

  /** Asks the rule: ms, or false where the command is not sent again. */
  private delayBefore(command: PendingCommand, rule: RetryRule, error: RedisError): number | false {
    const context = (command.context ??= new CommandContext());
    if (!(error instanceof RedisServerError)) context.lost = true;
    const subject = { name: command.spec.name, idempotent: command.isIdempotent };
    try {
      const delay = retryDelay(rule, this.countAttempt(context, rule, error), error, subject, this.isPatient);
      // the rule is the user's code: it may have closed the client meanwhile, and nothing would be sent again
      return this.owner.status === 'closed' ? false : delay;
    } catch (fault) {
      // the user's rule threw: the command fails with its own error, and shows this as the cause
      context.retryFault = fault;
      return false;
    }
  }

  /** How many attempts have failed; what is waited out leaves those for a connection that is lost as they are. */
  private countAttempt(context: CommandContext, rule: RetryRule, error: RedisError): number {
    context.attempts++;
    if (!this.isPatient || rule !== 'idempotent') return context.attempts;
    if (error instanceof RedisServerError) return ++context.waitedOut;
    return context.attempts - context.waitedOut;
  }

  /** Until its next attempt, for which a rule of the user's own grants the whole time anew. */
  private holdBack(command: PendingCommand, rule: RetryRule, delay: number, error: RedisError): void {
    if (rule !== 'idempotent' || command.isBlocking) command.deadline = this.deadlineOf(command, delay);
    this.noteRetry(command, delay, error);
    this.waiting.delay(command, delay, error);
  }

  /** @param delay ms */
  private noteRetry({ observation, context }: PendingCommand, delay: number, error: RedisError): void {
    observation?.note({ type: 'retry', attempt: context!.attempts, delay, error });
  }

  /** Of a command that goes out again after `delay` ms. One that blocks waits on the server as long as the first time. */
  private deadlineOf({ isBlocking, context, settings }: PendingCommand, delay: number): number {
    if (isBlocking) return deadlineAfter(delay + context!.longest);
    const timeout = settings?.timeout ?? this.options.commandTimeout;
    return timeout === 0 ? 0 : deadlineAfter(delay + timeout);
  }
}
