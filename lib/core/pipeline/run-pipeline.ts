import { onceAborted } from '../abort-signals.js';
import type { Road } from '../observation/command-infos.js';
import type { CommandObservers } from '../observation/command-observers.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { CommandSource } from '../connection/command-source.js';
import { RedisAbortError } from '../errors.js';
import type { CallOptions } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { PipelineRun } from './pipeline-run.js';

/** What a pipeline needs of its client. */
export interface PipelineHost {
  readonly options: ResolvedOptions;
  readonly observers: CommandObservers;
  /** The connection that its commands take, where it is one. */
  readonly road: Road | undefined;
  /**
   * Hands its commands over to where they go.
   *
   * @param deadline tick; 0 is never.
   * @returns what hands out those that were not handed over yet.
   */
  submit(run: PipelineRun, deadline: number): readonly CommandSource[];
}

/** Sends the commands of a pipeline; ends when the last is settled. */
export async function runPipeline(
  { options, observers, road, submit }: PipelineHost,
  run: PipelineRun,
  call: CallOptions | undefined,
): Promise<void> {
  const { commands } = run;
  if (commands.length === 0) return;
  const { timeout = options.commandTimeout, signal } = call ?? {};
  run.settings = call ?? null;
  if (observers.batchesActive) run.observation = observers.showPipeline(commands, road);
  let forgetSignal: (() => void) | undefined;
  if (signal?.aborted === true) abort(run, new Set(commands), signal);
  else {
    let sources: readonly CommandSource[] = [];
    if (signal !== undefined) {
      forgetSignal = onceAborted(signal, () => {
        abort(run, new Set(sources.flatMap((source) => source.takeRest())), signal);
      });
    }
    sources = submit(run, deadlineAfter(timeout));
  }
  await run.done;
  forgetSignal?.();
  run.makeErrors();
  run.observation?.finish(run.firstError, run.results);
  run.stripKeys();
}

/** Fails what has not settled, each command in its place. */
function abort(
  { commands }: PipelineRun,
  unsent: ReadonlySet<unknown>,
  { reason: cause }: AbortSignal,
): void {
  for (const command of commands) {
    if (command.settled) continue;
    const { name } = command.spec;
    const effect = unsent.has(command) ? ' It was never sent.' : '';
    command.fail(
      () => new RedisAbortError(`${name} was aborted by its signal.${effect}`, { command: name, cause }),
    );
  }
}
