import type { CommandArgument } from './arguments.js';
import type { CommandSpec } from './command-spec.js';
import { allCommands } from './commands.generated.js';

let table: Map<string, CommandSpec> | undefined;

/**
 * The command that `name` means: `('get')`, `('config', 'get')`, `('CONFIG GET')`. Its `words` tell how many of the words
 * it took; a container's own spec stands for subcommands that are not known. Undefined for what is not known at all.
 */
export function commandByName(name: string, next?: CommandArgument): CommandSpec | undefined {
  table ??= new Map(allCommands().map((spec) => [spec.name, spec]));
  const upper = name.toUpperCase();
  if (typeof next === 'string' || Buffer.isBuffer(next)) {
    const both = table.get(`${upper} ${String(next).toUpperCase()}`);
    if (both !== undefined) return both;
  }
  return table.get(upper);
}
