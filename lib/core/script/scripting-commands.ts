import type { Answer, AnswerKind, Promised } from '../commands/answer.js';
import type { CommandArgument, RedisKey } from '../commands/arguments.js';
import type { CommandArguments, KeyList, NumberArgument } from '../commands/flatten-arguments.js';
import { CommandForm, counted, list, slot } from '../commands/form/index.js';
import { RedisCommands } from '../commands/commands.generated.js';
import type { Reply } from '../protocol/reply.js';
import type { RedisScript } from './script.js';
import { ScriptSpec } from './script-spec.js';

/** `script numkeys key … arg …`, or `script [key, …] [arg, …]`. */
const FORM = new CommandForm(-1, 'arguments', () => [slot(), counted(list()), list()], 1);

/** Scripts that came as text, so that each is hashed once; the oldest go first. */
const known = new Map<string, ScriptSpec>();
const MOST_KNOWN = 500;

/** The commands, and ways to run scripts that need no SCRIPT LOAD before. */
export abstract class ScriptingCommands<
  in out T extends string | Buffer = string,
  in out Kind extends AnswerKind = Promised,
> extends RedisCommands<T, Kind> {
  /**
   * Runs a Lua script: by its SHA-1, and as a whole where the server does not know it. Called as `eval()` is. For scripts that run
   * often a {@link RedisScript} says more.
   */
  evalshaOrEval(script: string, numkeys: NumberArgument, ...args: CommandArguments[]): Answer<Kind, Reply>;
  evalshaOrEval(script: string, keys: KeyList, args?: CommandArguments): Answer<Kind, Reply>;
  evalshaOrEval(...args: unknown[]): unknown {
    let words: CommandArgument[];
    try {
      words = FORM.arrange('evalshaOrEval()', args);
      if (typeof words[0] !== 'string')
        throw new TypeError("evalshaOrEval(): the first argument is the script's text.");
    } catch (error) {
      return this.refuse(error as TypeError);
    }
    const spec = specOf(words[0]);
    return this.executeScript(spec, [spec.sha1, ...words.slice(1)]);
  }

  /**
   * Runs a script object with these keys and arguments. In pipelines and transactions its first call goes out as a whole, and those
   * behind it by the SHA-1, so that all run in their order whatever the server knows.
   */
  callScript<Result>(
    script: RedisScript<Result>,
    keys: readonly RedisKey[] = [],
    args: readonly CommandArgument[] = [],
  ): Answer<Kind, Result> {
    let words: CommandArgument[];
    try {
      if (!(script?.spec instanceof ScriptSpec))
        throw new TypeError('callScript(): the first argument is a RedisScript.');
      words = script.argsFor(keys, args);
    } catch (error) {
      return this.refuse(error as TypeError) as Answer<Kind, Result>;
    }
    return this.executeScript(script.spec, words) as Answer<Kind, Result>;
  }

  /** Runs a script, on a server that may not know it. `args` are those of EVALSHA. */
  protected abstract executeScript(spec: ScriptSpec, args: CommandArgument[]): unknown;
}

function specOf(lua: string): ScriptSpec {
  const old = known.get(lua);
  if (old !== undefined) return old;
  const spec = new ScriptSpec(lua, false);
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
  known.set(lua, spec);
  return spec;
}
