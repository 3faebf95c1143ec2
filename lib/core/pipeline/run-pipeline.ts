import { applyCallOptions } from '../apply-call-options.js';
import type { CommandObservers } from '../command-observers.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { CallOptions } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { PipelineRun } from './pipeline-run.js';

/** What a pipeline needs of its client. */
export interface PipelineHost {
  readonly connection: ReconnectingConnection;
  readonly options: ResolvedOptions;
  readonly observers: CommandObservers;
}

/** Sends the commands of a pipeline; ends when the last is settled. */
export async function runPipeline(
  { connection, options, observers }: PipelineHost,
  run: PipelineRun,
  call: CallOptions | undefined,
): Promise<void> {
  const { commands } = run;
  if (commands.length === 0) return;
  const deadline = deadlineAfter(options.commandTimeout);
  for (const command of commands) command.deadline = deadline;
  const ended = observers.active ? observers.showPipeline(commands) : undefined;
  // not before all have their places: a signal that has fired settles them at once
  if (call !== undefined) for (const command of commands) applyCallOptions(command, call);
  if (call?.signal?.aborted !== true) connection.submitAll(commands);
  await run.done;
  run.makeErrors();
  ended?.(run.firstError);
  run.stripKeys();
}
