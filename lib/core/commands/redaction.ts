import type { CommandArgument } from './arguments.js';
import type { CommandSpec } from './command-spec.js';

/** Arguments shown; a long MSET would only repeat itself. */
const SHOWN = 8;

/**
 * A command as telemetry may show it: its name and a `?` for each argument, `SET ? ?`. Keys and values can hold anything,
 * secrets too, so none is shown.
 */
export function queryText({ name }: CommandSpec, args: readonly CommandArgument[]): string {
  const { length } = args;
  if (length === 0) return name;
  return length <= SHOWN ? `${name}${' ?'.repeat(length)}` : `${name}${' ?'.repeat(SHOWN)} …`;
}
