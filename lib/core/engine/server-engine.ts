import { CommandFlag } from '../commands/command-spec.js';
import { PING } from '../commands/commands.generated.js';
import { Command } from '../connection/command.js';
import type { ConnectionStatus } from '../connection/connection-hooks.js';
import type { PendingCommand } from '../connection/pending-command.js';
import { probe } from '../connection/probe.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { CommandSource } from '../connection/command-source.js';
import type { CallOptions } from '../options.js';
import { PipelineFeed } from '../pipeline/pipeline-feed.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import { runPipeline } from '../pipeline/run-pipeline.js';
import { ClientEngine } from './client-engine.js';

/** An engine whose commands all go to one server, by one connection unless they need one of their own. */
export abstract class ServerEngine extends ClientEngine {
  /** Where commands go that need nothing special. */
  abstract readonly connection: ReconnectingConnection;

  override get status(): ConnectionStatus {
    return this.connection.status;
  }

  override get address(): string {
    return this.connection.address;
  }

  override get queued(): number {
    return this.connection.queued;
  }

  override get inFlight(): number {
    return this.connection.inFlight;
  }

  override async connect(deadline: number | undefined): Promise<void> {
    await this.connection.connect(deadline);
  }

  override run(pipeline: PipelineRun, call: CallOptions | undefined): Promise<void> {
    const { options, observers, connection } = this;
    const submit = (run: PipelineRun, deadline: number): CommandSource[] => {
      const feed = new PipelineFeed(run, deadline);
      connection.submitAll(feed);
      return [feed];
    };
    return runPipeline({ options, observers, road: connection, submit }, pipeline, call);
  }

  override probe(timeout: number): Promise<number> {
    return probe(this.connection, timeout, () => new Command(PING, [], false));
  }

  protected override send(command: PendingCommand): void {
    this.connection.submit(command);
  }

  protected override roadOf({ spec }: PendingCommand): ReconnectingConnection | undefined {
    return this.isDedicated || (spec.flags & CommandFlag.BLOCKING) === 0 ? this.connection : undefined;
  }
}
