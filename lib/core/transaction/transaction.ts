import { inspect } from 'node:util';
import type { AnswerKind } from '../commands/answer.js';
import type { CommandArgument } from '../commands/arguments.js';
import { checkArguments } from '../commands/check-arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { prefixKeys } from '../commands/key-positions.js';
import { resolveCall } from '../commands/resolve-call.js';
import type { CommandGuard } from '../guard/command-guard.js';
import { ScriptCalls } from '../script/script-calls.js';
import type { ScriptSpec } from '../script/script-spec.js';
import { ScriptingCommands } from '../script/scripting-commands.js';
import { QueuedCommands } from './queued-commands.js';

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
export class CommandTransaction extends ScriptingCommands {
  private readonly scripts = new ScriptCalls();
  private readonly queued: QueuedCommands;
  private sent = false;

  constructor(
    buffers: boolean,
    private readonly keyPrefix: string,
    private readonly guard: CommandGuard,
  ) {
    super();
    this.queued = new QueuedCommands(buffers, keyPrefix);
  }

  get length(): number {
    return this.queued.list.length;
  }

  /** Its commands, to be sent now: it takes no others. */
  take(): QueuedCommands {
    this.sent = true;
    return this.queued;
  }

  call(name: string, ...args: CommandArgument[]): this {
    return this.execute(...resolveCall(name, args));
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

  toJSON(): { commands: string[] } {
    return { commands: this.queued.list.map(({ spec }) => spec.name) };
  }

  [inspect.custom](): string {
    return `Transaction ${inspect(this.toJSON())}`;
  }

  /** @throws {TypeError} for what cannot be sent, {RedisClientError} for what is denied, at the call that brought it. */
  protected override execute(spec: CommandSpec, args: CommandArgument[]): this {
    if (this.sent)
      throw new TypeError(
        `${spec.name}: the transaction was sent already. Add its commands before the callback ends (await what they need first).`,
      );
    const wrong = checkArguments(spec, args) ?? unfit(spec);
    if (wrong !== undefined) throw wrong;
    const denied = (spec.flags & CommandFlag.DANGEROUS) === 0 ? undefined : this.guard.denies(spec);
    if (denied !== undefined) throw denied();
    this.scripts.note(spec);
    this.queued.add(spec, this.keyPrefix === '' ? args : prefixKeys(spec, args, this.keyPrefix));
    return this;
  }

  protected override executeScript(spec: ScriptSpec, args: CommandArgument[]): this {
    return this.execute(...this.scripts.next(spec, args));
  }

  protected override refuse(error: TypeError): never {
    throw error;
  }
}

function nested(what: string): TypeError {
  return new TypeError(
    `${what}: transactions cannot be nested. Add the commands to the one at hand, or call it on the client before.`,
  );
}

/** Why a command has no place in a transaction, or undefined. A blocking one has: between MULTI and EXEC it does not wait. */
function unfit({ name, flags }: CommandSpec): TypeError | undefined {
  if ((flags & (CommandFlag.STATEFUL | CommandFlag.SUBSCRIPTION)) === 0) return undefined;
  return new TypeError(`${name} changes the state of the connection: it has no place in a transaction.`);
}
