import type { CommandContext } from '../connection/command-context.js';
import type { CommandSource } from '../connection/command-source.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { PipelineRun } from './pipeline-run.js';

/**
 * Most commands of one pipeline that are under way at once: queued, written or awaiting their replies. A shorter one
 * leaves whole. Of a longer one, this is what other callers' commands may have to wait for, some 2 ms.
 */
export const PIPELINE_WINDOW = 2_000;

/**
 * Hands out commands of a pipeline in their order, all of them or those for one node: a window of them first, and half a window
 * whenever that many have settled.
 */
export class PipelineFeed implements CommandSource {
  /** Place of the next command. */
  private next = 0;
  /** The place up to which commands may be handed out now. */
  private end = 0;
  /** All before this place have settled. */
  private settled = 0;

  /** @param deadline tick after which nobody waits for any of it; 0 is never. */
  constructor(
    private readonly run: PipelineRun,
    readonly deadline: number,
    private readonly commands: readonly PendingCommand[] = run.commands,
  ) {}

  get observation(): CommandContext | null {
    return this.run.observation;
  }

  get left(): number {
    return this.commands.length - this.next;
  }

  take(): PendingCommand | undefined {
    if (this.next === this.end && !this.moveWindow()) return undefined;
    const command = this.commands[this.next++]!;
    command.deadline = this.deadline;
    return command;
  }

  takeRest(): readonly PendingCommand[] {
    const { commands } = this;
    const rest = commands.slice(this.next);
    this.next = this.end = commands.length;
    for (const command of rest) command.deadline = this.deadline;
    return rest;
  }

  /** In halves, so that commands leave many to a write even where their replies come one by one. */
  private moveWindow(): boolean {
    const { commands } = this;
    while (this.settled < this.next && commands[this.settled]!.settled) this.settled++;
    if (this.left === 0 || this.next - this.settled > PIPELINE_WINDOW / 2) return false;
    this.end = Math.min(this.settled + PIPELINE_WINDOW, commands.length);
    return true;
  }
}
