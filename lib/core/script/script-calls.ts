import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { SCRIPT_FLUSH } from '../commands/commands.generated.js';
import type { ScriptSpec } from './script-spec.js';

/**
 * The scripts of one batch of commands. The first call of each goes out as a whole, so that the server knows it for the others:
 * nothing has to be tried again, which would put it behind commands that came after it.
 */
export class ScriptCalls {
  private readonly sent = new Set<string>();

  /** The command to send for a call by SHA-1. */
  next(spec: ScriptSpec, args: CommandArgument[]): [spec: CommandSpec, args: CommandArgument[]] {
    if (this.sent.has(spec.sha1)) return [spec, args];
    this.sent.add(spec.sha1);
    return [spec.whole, spec.wholeArgs(args)];
  }

  /** Looks at every command of the batch: SCRIPT FLUSH makes the server forget what came before it. */
  note(spec: CommandSpec): void {
    if (spec === SCRIPT_FLUSH) this.sent.clear();
  }
}
