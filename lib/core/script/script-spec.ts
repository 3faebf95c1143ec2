import type { CommandArgument } from '../commands/arguments.js';
import { CommandSpec, type ReplyTransform } from '../commands/command-spec.js';
import { EVAL, EVAL_RO, EVALSHA, EVALSHA_RO } from '../commands/commands.generated.js';

/** EVALSHA of one script, and the EVAL to send in its place where the server does not know it. */
export class ScriptSpec extends CommandSpec {
  /** What the server knows the script by: the SHA-1 of its text, in hexadecimal. */
  readonly sha1: string;
  /** Runs the same script by its text. */
  readonly whole: CommandSpec;
  private static readonly wholes = new WeakSet<CommandSpec>();

  constructor(
    readonly lua: string,
    isReadOnly: boolean,
    transform: ReplyTransform | null = null,
  ) {
    const { name, flags, keys } = isReadOnly ? EVALSHA_RO : EVALSHA;
    super(name, flags, keys, transform);
    const whole = isReadOnly ? EVAL_RO : EVAL;
    this.whole = new CommandSpec(whole.name, whole.flags, whole.keys, transform);
    ScriptSpec.wholes.add(this.whole);
    // loaded where a script is made: most programs have none, and it takes milliseconds
    const { createHash } = process.getBuiltinModule('node:crypto');
    this.sha1 = createHash('sha1').update(lua).digest('hex');
  }

  /** Does it run a script's text, which the server knows by its SHA-1 from then on? */
  static isWhole(spec: CommandSpec): boolean {
    return ScriptSpec.wholes.has(spec);
  }

  /** The arguments of a call by the SHA-1. */
  argsFor(keys: readonly CommandArgument[], args: readonly CommandArgument[]): CommandArgument[] {
    return [this.sha1, keys.length, ...keys, ...args];
  }

  /** The same call's arguments by the text. */
  wholeArgs(args: readonly CommandArgument[]): CommandArgument[] {
    return [this.lua, ...args.slice(1)];
  }
}
