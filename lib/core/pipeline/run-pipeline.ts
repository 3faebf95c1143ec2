import { applyCallOptions } from '../apply-call-options.js';
import type { CommandObservers } from '../command-observers.js';
import { CommandFlag } from '../commands/command-spec.js';
import { KEYS } from '../commands/commands.generated.js';
import { prefixKeys, stripPrefix } from '../commands/key-positions.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { CallOptions } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { PipelineStep } from './pipeline.js';
import { PipelineRun } from './pipeline-run.js';

/** What a pipeline needs of its client. */
export interface PipelineHost {
  readonly connection: ReconnectingConnection;
  readonly options: ResolvedOptions;
  readonly observers: CommandObservers;
}

/** Sends the steps of a pipeline; ends when the last is settled. */
export async function runPipeline(
  { connection, options, observers }: PipelineHost,
  steps: readonly PipelineStep[],
  buffers: boolean,
  call: CallOptions | undefined,
): Promise<PipelineRun> {
  const run = new PipelineRun();
  if (steps.length === 0) return run;
  const { keyPrefix } = options;
  const deadline = deadlineAfter(options.commandTimeout);
  for (const { spec, args: given } of steps) {
    const args = keyPrefix === '' ? given : prefixKeys(spec, given, keyPrefix);
    run.add(spec, args, buffers || (spec.flags & CommandFlag.BYTES) !== 0).deadline = deadline;
  }
  const ended = observers.active ? observers.showPipeline(run.commands) : undefined;
  // not before all have their places: a signal that has fired settles them at once
  if (call !== undefined) for (const command of run.commands) applyCallOptions(command, call);
  if (call?.signal?.aborted !== true) connection.submitAll(run.commands);
  await run.done;
  run.makeErrors();
  ended?.(run.firstError);
  if (keyPrefix !== '') stripKeys(steps, run.results, keyPrefix);
  return run;
}

/** KEYS answers with whole keys; its caller knows them without the prefix. */
function stripKeys(steps: readonly PipelineStep[], results: unknown[], keyPrefix: string): void {
  for (const [index, { spec }] of steps.entries()) {
    const keys = results[index];
    if (spec === KEYS && Array.isArray(keys)) results[index] = stripPrefix(keys, keyPrefix);
  }
}
