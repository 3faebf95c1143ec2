import { unlessAborted } from '../abort-signals.js';
import { refuse } from '../connection/command-errors.js';
import type { CommandSource } from '../connection/command-source.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { Road, ShownCommand } from '../observation/command-infos.js';
import type { CommandObservers } from '../observation/command-observers.js';
import type { CallOptions } from '../options.js';
import { PipelineFeed } from '../pipeline/pipeline-feed.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import { runPipeline } from '../pipeline/run-pipeline.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { Put } from './many-nodes/fan-out.js';
import { shareRun } from './many-nodes/run-shares.js';
import type { ClusterRouter } from './routing/cluster-router.js';

/** What a pipeline needs of the engine of its cluster. */
export interface ClusterRunHost {
  readonly options: ResolvedOptions;
  readonly observers: CommandObservers;
  readonly router: ClusterRouter;
  /** Where these commands go, where it is one node. */
  roadOf(commands: readonly ShownCommand[]): Road | undefined;
  /** Puts a command, or what is sent in its place, where it goes. */
  dispatch(command: PendingCommand, put: Put): void;
}

/** Sends the commands of a pipeline: each node gets its share, in order, and none waits for another. */
export function runOnCluster(
  host: ClusterRunHost,
  pipeline: PipelineRun,
  call: CallOptions | undefined,
): Promise<void> {
  const { router } = host;
  // all of it is held, however long, or none; apart, for who gets which share is not known yet
  if (!router.topology.isKnown && !router.isFull && !router.isEnding)
    return whenKnown(host, call).then((left) => run(host, pipeline, left));
  return run(host, pipeline, call);
}

function run(host: ClusterRunHost, pipeline: PipelineRun, call: CallOptions | undefined): Promise<void> {
  const { options, observers } = host;
  const submit = (given: PipelineRun, deadline: number): CommandSource[] => {
    if (host.router.isEnding) {
      for (const command of given.commands) refuse(command, 'CLOSED', 'the client is closed.');
      return [];
    }
    const shares = shareRun(given, (command, put) => {
      command.deadline = deadline;
      host.dispatch(command, put);
    });
    return [...shares].map(([node, share]) => {
      const feed = new PipelineFeed(given, deadline, share);
      node.engine.connection.submitAll(feed);
      return feed;
    });
  };
  const road = observers.batchesActive ? host.roadOf(pipeline.commands) : undefined;
  return runPipeline({ options, observers, road, submit }, pipeline, call);
}

/** The settings of the call with the time that is left of it. What came of the wait, its commands say in their own words. */
async function whenKnown(
  { options, router }: ClusterRunHost,
  call: CallOptions | undefined,
): Promise<CallOptions> {
  const timeout = call?.timeout ?? options.commandTimeout;
  const started = performance.now();
  try {
    await unlessAborted(router.whenKnown(timeout === 0 ? Infinity : timeout), call?.signal, 'The pipeline');
  } catch {
    // see above
  }
  const left = timeout === 0 ? 0 : Math.max(1, timeout - (performance.now() - started));
  return { ...call, timeout: left };
}
