import { onceAborted } from '../abort-signals.js';
import type { CommandObservers } from '../observation/command-observers.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { RedisAbortError } from '../errors.js';
import type { CallOptions } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { PipelineFeed } from './pipeline-feed.js';
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
  const { timeout = options.commandTimeout, signal } = call ?? {};
  run.settings = call ?? null;
  const feed = new PipelineFeed(run, deadlineAfter(timeout));
  if (observers.batchesActive) run.observation = observers.showPipeline(commands, connection);
  let forgetSignal: (() => void) | undefined;
  if (signal?.aborted === true) abort(run, feed, signal);
  else {
    if (signal !== undefined) forgetSignal = onceAborted(signal, () => abort(run, feed, signal));
    connection.submitAll(feed);
  }
  await run.done;
  forgetSignal?.();
  run.makeErrors();
  run.observation?.finish(run.firstError, run.results);
  run.stripKeys();
}

/** Fails what has not settled, each command in its place. */
function abort({ commands }: PipelineRun, feed: PipelineFeed, { reason: cause }: AbortSignal): void {
  const handedOut = commands.length - feed.takeRest().length;
  for (const [index, command] of commands.entries()) {
    if (command.settled) continue;
    const { name } = command.spec;
    const effect = index < handedOut ? '' : ' It was never sent.';
    command.fail(
      () => new RedisAbortError(`${name} was aborted by its signal.${effect}`, { command: name, cause }),
    );
  }
}
