import type { CommandContext } from '../connection/command-context.js';
import type { CommandSource } from '../connection/command-source.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { PipelineRun } from './pipeline-run.js';

/**
 * Most commands of one pipeline that are under way at once: queued, written or awaiting their replies. A shorter one
 * leaves whole. Of a longer one, this is what other callers' commands may have to wait for, some 2 ms.
 */
export const PIPELINE_WINDOW = 2_000;

/** Hands out a pipeline's commands in their order: a window of them first, and half a window whenever that many have settled. */
export class PipelineFeed implements CommandSource {
  /** Place of the next command. */
  private next = 0;
  /** The place up to which commands may be handed out now. */
  private end = 0;

  /** @param deadline tick after which nobody waits for any of it; 0 is never. */
  constructor(
    private readonly run: PipelineRun,
    readonly deadline: number,
  ) {}

  get observation(): CommandContext | null {
    return this.run.observation;
  }

  get left(): number {
    return this.run.commands.length - this.next;
  }

  take(): PendingCommand | undefined {
    if (this.next === this.end && !this.moveWindow()) return undefined;
    const command = this.run.commands[this.next++]!;
    command.deadline = this.deadline;
    return command;
  }

  takeRest(): readonly PendingCommand[] {
    const { commands } = this.run;
    const rest = commands.slice(this.next);
    this.next = this.end = commands.length;
    return rest;
  }

  /** In halves, so that commands leave many to a write even where their replies come one by one. */
  private moveWindow(): boolean {
    const { commands, unsettled } = this.run;
    // only what was handed out settles, as long as anything is left
    const settled = commands.length - unsettled;
    if (this.left === 0 || this.next - settled > PIPELINE_WINDOW / 2) return false;
    this.end = Math.min(settled + PIPELINE_WINDOW, commands.length);
    return true;
  }
}
