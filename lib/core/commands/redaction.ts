import type { CommandArgument } from './arguments.js';
import type { CommandSpec } from './command-spec.js';

/** Arguments shown; a long MSET would only repeat itself. */
export const MOST_SHOWN_ARGUMENTS = 8;

/** Characters shown of a command's name: one that this version does not know is of any length. */
const LONGEST_NAME = 64;

/**
 * A command as telemetry may show it: its name and a `?` for each argument, `SET ? ?`. Keys and values can hold anything,
 * secrets too, so none is shown.
 */
export function queryText({ name }: CommandSpec, args: readonly CommandArgument[]): string {
  const { length } = args;
  const shown = shownName(name);
  if (length === 0) return shown;
  return length <= MOST_SHOWN_ARGUMENTS
    ? `${shown}${' ?'.repeat(length)}`
    : `${shown}${' ?'.repeat(MOST_SHOWN_ARGUMENTS)} …`;
}

/** A command's name as telemetry may show it. */
export function shownName(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…`;
}
