import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { rejectLate } from '../late-error.js';
import { SessionEngine } from '../engine/session-engine.js';
import { SharedEngine } from '../engine/shared-engine.js';
import type { Wait } from '../engine/client-engine.js';
import type { CallOptions } from '../options.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import type { QueuedCommand } from '../transaction/queued-commands.js';

/** The engine behind `client.replicas`: reads alone. */
export class ReplicaEngine extends SharedEngine {
  override issue(
    spec: CommandSpec,
    given: CommandArgument[],
    buffers: boolean,
    call: CallOptions | undefined,
  ): Promise<unknown> {
    if (isWrite(spec)) return rejectLate(() => readsOnly(spec));
    return super.issue(spec, given, buffers, call);
  }

  override run(pipeline: PipelineRun, call: CallOptions | undefined): Promise<void> {
    const write = pipeline.commands.find(({ spec }) => isWrite(spec));
    return write === undefined ? super.run(pipeline, call) : rejectLate(() => readsOnly(write.spec));
  }

  override assertTogether(_section: 'multi()' | 'watch()', commands: readonly QueuedCommand[]): void {
    const write = commands.find(({ spec }) => isWrite(spec));
    if (write !== undefined) throw readsOnly(write.spec);
  }

  override exclusive<Result>(
    section: 'multi()' | 'watch()',
    commands: readonly QueuedCommand[],
    wait: Wait,
    work: (dedicated: DedicatedConnection) => Promise<Result>,
  ): Promise<Result> {
    this.assertTogether(section, commands);
    return super.exclusive(section, commands, wait, work);
  }

  protected override openSession(dedicated: DedicatedConnection): SessionEngine {
    return new ReplicaSessionEngine(this, dedicated, this.lending, this.unblock);
  }
}

/** The engine of a session of `client.replicas`: reads alone, too. Where there is no replica it is the master that would write. */
class ReplicaSessionEngine extends SessionEngine {
  override issue(
    spec: CommandSpec,
    given: CommandArgument[],
    buffers: boolean,
    call: CallOptions | undefined,
  ): Promise<unknown> {
    return isWrite(spec) ? rejectLate(() => readsOnly(spec)) : super.issue(spec, given, buffers, call);
  }

  override run(pipeline: PipelineRun, call: CallOptions | undefined): Promise<void> {
    const write = pipeline.commands.find(({ spec }) => isWrite(spec));
    return write === undefined ? super.run(pipeline, call) : rejectLate(() => readsOnly(write.spec));
  }
}

function isWrite({ flags }: CommandSpec): boolean {
  return (flags & CommandFlag.WRITE) !== 0;
}

function readsOnly({ name }: CommandSpec): TypeError {
  return new TypeError(
    `${name} was not sent: it writes, and \`client.replicas\` is for reads. Call it on the client itself.`,
  );
}
