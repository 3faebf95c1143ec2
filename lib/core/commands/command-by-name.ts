import type { CommandArgument } from './arguments.js';
import type { CommandSpec } from './command-spec.js';
import { allCommands } from './commands.generated.js';

let table: Map<string, CommandSpec> | undefined;
/** What was added, by name: kept apart, so that the table is still made at the first look-up only. */
const added = new Map<string, CommandSpec>();

/**
 * The command that `name` means: `('get')`, `('config', 'get')`, `('CONFIG GET')`. Its `words` tell how many of the words
 * it took; a container's own spec stands for subcommands that are not known. Undefined for what is not known at all.
 */
export function commandByName(name: string, next?: CommandArgument): CommandSpec | undefined {
  const upper = name.toUpperCase();
  if (typeof next === 'string' || Buffer.isBuffer(next)) {
    const both = find(`${upper} ${String(next).toUpperCase()}`);
    if (both !== undefined) return both;
  }
  return find(upper);
}

/** Makes a command known by its name. Those of this package stay as they are. */
export function addCommand(spec: CommandSpec): void {
  added.set(spec.name, spec);
}

function find(name: string): CommandSpec | undefined {
  table ??= new Map(allCommands().map((spec) => [spec.name, spec]));
  return table.get(name) ?? added.get(name);
}
