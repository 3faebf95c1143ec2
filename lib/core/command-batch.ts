import { inspect } from 'node:util';
import type { CommandArgument } from './commands/arguments.js';
import { checkArguments } from './commands/check-arguments.js';
import { CommandFlag, type CommandSpec } from './commands/command-spec.js';
import { resolveCall } from './commands/resolve-call.js';
import type { CommandGuard } from './guard/command-guard.js';
import { ScriptCalls } from './script/script-calls.js';
import type { ScriptSpec } from './script/script-spec.js';
import { ScriptingCommands } from './script/scripting-commands.js';

/** Commands that are gathered to be sent together: every method notes its command, and gives the batch back. */
export abstract class CommandBatch extends ScriptingCommands {
  private readonly scripts = new ScriptCalls();

  constructor(private readonly guard: CommandGuard) {
    super();
  }

  get length(): number {
    return this.gathered.length;
  }

  call(name: string, ...args: CommandArgument[]): this {
    return this.execute(...resolveCall(name, args));
  }

  /** For logs as JSON: the arguments are not in it. */
  toJSON(): { commands: string[] } {
    return { commands: this.gathered.map(({ spec }) => spec.name) };
  }

  [inspect.custom](): string {
    return `${this.title} ${inspect(this.toJSON())}`;
  }

  /** As users know it. */
  protected abstract readonly title: string;
  /** The commands so far. */
  protected abstract get gathered(): readonly { readonly spec: CommandSpec }[];

  /** Takes a command that can be sent. */
  protected abstract add(spec: CommandSpec, args: CommandArgument[]): void;

  /** Why no command is taken any more, or undefined. */
  protected abstract tooLate(spec: CommandSpec): Error | undefined;

  /** Why this command has no place here, or undefined. */
  protected abstract unfit(spec: CommandSpec, args: readonly CommandArgument[]): TypeError | undefined;

  /** @throws {TypeError} for what cannot be sent, {RedisClientError} for what is denied, at the call that brought it. */
  protected override execute(spec: CommandSpec, args: CommandArgument[]): this {
    const wrong = this.tooLate(spec) ?? checkArguments(spec, args) ?? this.unfit(spec, args);
    if (wrong !== undefined) throw wrong;
    const denied = (spec.flags & CommandFlag.DANGEROUS) === 0 ? undefined : this.guard.denies(spec);
    if (denied !== undefined) throw denied();
    this.scripts.note(spec);
    this.add(spec, args);
    return this;
  }

  protected override executeScript(spec: ScriptSpec, args: CommandArgument[]): this {
    return this.execute(...this.scripts.next(spec, args));
  }

  protected override refuse(error: TypeError): never {
    throw error;
  }
}
