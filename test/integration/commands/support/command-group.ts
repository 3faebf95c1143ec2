import { readFileSync } from 'node:fs';
import type { ServerKind } from '../../../support/index.js';

/** A command as `commands.json` has it: `BLPOP`, and the servers that know it. */
export interface GroupedCommand {
  readonly name: string;
  readonly servers: readonly ServerKind[];
}

/** The commands of a group (`string`, `hash` …) that any of the servers has. Containers such as XGROUP are none. */
export function commandsOf(group: string): GroupedCommand[] {
  const { commands } = JSON.parse(readFileSync('commands.json', 'utf8')) as {
    commands: Record<string, { group: string; container?: true; servers: ServerKind[] }>;
  };
  const found = Object.entries(commands)
    .filter(([, command]) => command.group === group && command.container !== true)
    .map(([name, { servers }]) => ({ name, servers }));
  if (found.length === 0) throw new Error(`No command of commands.json is in the group '${group}'.`);
  return found;
}
