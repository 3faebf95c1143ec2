import { EXEC } from '../commands/commands.generated.js';
import { Command } from '../connection/command.js';
import { RedisProtocolError } from '../errors.js';
import type { Reply } from '../protocol/reply.js';
import type { QueuedCommands } from './queued-commands.js';

/** EXEC, whose reply holds those of other commands. */
export class ExecCommand extends Command {
  constructor(private readonly queued: QueuedCommands) {
    super(EXEC, [], queued.wantsBuffers);
  }

  override wantsPairs(place: number): boolean {
    return this.queued.wantsPairs(place);
  }

  override reply(reply: Reply): void {
    if (this.settled) return;
    let results: unknown[] | null;
    try {
      results = this.queued.read(reply);
    } catch (cause) {
      const message =
        'EXEC: the results are not of the shapes that the commands of the transaction answer with.';
      this.fail(() => new RedisProtocolError(message, { cause, command: 'EXEC' }));
      return;
    }
    this.settle(results);
  }
}
