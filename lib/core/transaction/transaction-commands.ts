import type { CommandSpec } from '../commands/command-spec.js';
import { DISCARD, EXEC, MULTI, UNWATCH, WATCH } from '../commands/commands.generated.js';

/** They begin and end a transaction, or say what it depends on: state of a connection that its owner keeps account of. */
export const TRANSACTION_COMMANDS: ReadonlySet<CommandSpec> = new Set([MULTI, EXEC, DISCARD, WATCH, UNWATCH]);
