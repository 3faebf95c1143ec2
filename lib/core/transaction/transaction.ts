import { CommandBatch } from '../command-batch.js';
import type { AnswerKind } from '../commands/answer.js';
import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { prefixKeys } from '../commands/key-positions.js';
import { RedisClientError } from '../errors.js';
import type { CommandGuard } from '../guard/command-guard.js';
import type { ScriptingCommands } from '../script/scripting-commands.js';
import { QueuedCommands, type QueuedCommand } from './queued-commands.js';

/** A transaction's way to answer: with itself, the reply added to the results. */
interface Queued<Results extends readonly unknown[], Text extends string | Buffer> extends AnswerKind {
  readonly answer: Transaction<[...Results, this['reply']], Text>;
}

/**
 * What `multi()` and `watch()` hand to their callbacks: takes the commands of a transaction, and sends nothing.
 *
 * Chained and given back (`(tx) => tx.incr('n').get('n')`), the results are a tuple of the replies' types; command by command
 * they are `unknown[]`.
 */
export interface Transaction<
  in out Results extends readonly unknown[] = [],
  in out Text extends string | Buffer = string,
> extends ScriptingCommands<Text, Queued<Results, Text>> {
  /** Commands so far. */
  readonly length: number;
  /** Any command by its words, as `client.call()`. */
  call(name: string, ...args: CommandArgument[]): Transaction<[...Results, unknown], Text>;
}

/** {@link Transaction} at run time. */
export class CommandTransaction extends CommandBatch {
  protected override readonly title = 'Transaction';
  private readonly queued: QueuedCommands;
  private sent = false;

  constructor(
    buffers: boolean,
    private readonly keyPrefix: string,
    guard: CommandGuard,
  ) {
    super(guard);
    this.queued = new QueuedCommands(buffers, keyPrefix);
  }

  /** Its commands, to be sent now: it takes no others. */
  take(): QueuedCommands {
    this.sent = true;
    return this.queued;
  }

  /** Not among its types: for those who write without them. */
  multi(): never {
    throw nested('multi()');
  }

  watch(): never {
    throw nested('watch()');
  }

  exec(): never {
    throw new TypeError(
      'exec(): the transaction is sent when its callback is done; return from it instead of calling exec().',
    );
  }

  protected override get gathered(): readonly QueuedCommand[] {
    return this.queued.list;
  }

  protected override add(spec: CommandSpec, args: CommandArgument[]): void {
    this.queued.add(spec, this.keyPrefix === '' ? args : prefixKeys(spec, args, this.keyPrefix));
  }

  protected override tooLate({ name }: CommandSpec): RedisClientError | undefined {
    if (!this.sent) return undefined;
    const message = `${name}: the transaction was sent already. Add its commands before the callback ends (await what they need first).`;
    return new RedisClientError('EXECUTED', message, { command: name });
  }

  /** A blocking command has a place here: between MULTI and EXEC it does not wait. */
  protected override unfit({ name, flags }: CommandSpec): TypeError | undefined {
    if ((flags & (CommandFlag.STATEFUL | CommandFlag.SUBSCRIPTION)) === 0) return undefined;
    return new TypeError(`${name} changes the state of the connection: it has no place in a transaction.`);
  }
}

function nested(what: string): TypeError {
  return new TypeError(
    `${what}: transactions cannot be nested. Add the commands to the one at hand, or call it on the client before.`,
  );
}
