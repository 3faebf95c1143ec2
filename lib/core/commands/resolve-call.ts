import type { CommandArgument } from './arguments.js';
import { commandByName } from './command-by-name.js';
import { CommandFlag, defineCommand, type CommandSpec } from './command-spec.js';

/**
 * What `call(name, ...args)` means: the known command with the arguments that are left, or, for one that this version
 * does not know, a command of that name which counts as a write and has no keys to prefix.
 *
 * @throws {TypeError} where no command is named.
 */
export function resolveCall(
  name: string,
  args: CommandArgument[],
): [spec: CommandSpec, args: CommandArgument[]] {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new TypeError("call(): name the command first, as in call('GET', key).");
  }
  const words = name.trim().split(/\s+/);
  const known = commandByName(words.join(' '), args[0]);
  if (known === undefined) {
    // the name goes into errors and telemetry: an argument that slipped into it would be shown there
    if (words.length > 1 || !/^[a-z][\w.|-]*$/i.test(name)) {
      throw new TypeError(
        "call(): the first argument is no command's name that is known here. Pass each word and argument by itself, as in call('JSON.GET', key).",
      );
    }
    return [defineCommand(name.toUpperCase(), CommandFlag.WRITE), args];
  }
  // the words of a subcommand may come as one text or as two
  return [known, args.slice(Math.max(0, known.words - words.length))];
}
