import type { CommandContext } from './command-context.js';
import type { PendingCommand } from './pending-command.js';

/** Commands that were issued together and line up portion by portion: what is not handed out yet is in no queue. */
export interface CommandSource {
  /** Tick after which nobody waits for them any longer; 0 is never. */
  readonly deadline: number;
  /** Those who watch them as one, where anybody does. */
  readonly observation: CommandContext | null;
  /** Commands not handed out yet. */
  readonly left: number;
  /** The next one, in their order; undefined until enough of those before it have settled, and after the last. */
  take(): PendingCommand | undefined;
  /** All that is left, to be settled by the caller: none of it is handed out any more. */
  takeRest(): readonly PendingCommand[];
}
