import { CommandInfos, type Road, type ShownCommand } from './command-infos.js';
import { CommandContext, type Observation } from '../connection/command-context.js';
import type { PendingCommand } from '../connection/pending-command.js';
import { areBatchesTraced, areCommandsTraced, commandChannels } from './diagnostics-channels.js';
import { forgetFailure } from '../forget-failure.js';
import type { CommandInfo, CommandObserver } from './observer.js';
import type { ResolvedOptions } from '../resolve-options.js';

/** Those who watch a client's commands. An observer's fault never reaches a command's caller. */
export class CommandObservers {
  private observed = false;
  private all: readonly CommandObserver[] = [];
  private readonly infos: CommandInfos;

  constructor(options: ResolvedOptions) {
    this.infos = new CommandInfos(options);
  }

  /** Is anybody watching commands? */
  get active(): boolean {
    return this.observed || areCommandsTraced();
  }

  /** Is anybody watching pipelines and transactions? */
  get batchesActive(): boolean {
    return this.observed || areBatchesTraced();
  }

  /** Returns the function that takes it out again. */
  add(observer: CommandObserver): () => void {
    this.set([...this.all, observer]);
    return () => this.set(this.all.filter((other) => other !== observer));
  }

  /**
   * Shows a command; its context tells the observers what becomes of it.
   *
   * @param road undefined where it is not known yet.
   */
  show(command: PendingCommand, road?: Road): void {
    const context = (command.context ??= new CommandContext());
    context.observations = this.start(this.infos.of(command, road), areCommandsTraced());
  }

  /** Shows commands that are sent as one. What it returns is to be finished when the last has settled. */
  showPipeline(commands: readonly ShownCommand[], road?: Road): CommandContext {
    return this.showBatch(this.infos.ofBatch('PIPELINE', commands, road));
  }

  /** The same for the commands between MULTI and EXEC. */
  showTransaction(commands: readonly ShownCommand[], road?: Road): CommandContext {
    return this.showBatch(this.infos.ofBatch('MULTI', commands, road));
  }

  private showBatch(info: CommandInfo): CommandContext {
    const context = new CommandContext();
    context.observations = this.start(info, areBatchesTraced());
    return context;
  }

  private set(observers: readonly CommandObserver[]): void {
    this.all = observers;
    this.observed = observers.length > 0;
  }

  private start(info: CommandInfo, isTraced: boolean): Observation[] {
    const started: Observation[] = [];
    const watching = isTraced ? [...this.all, commandChannels] : this.all;
    for (const observer of watching) {
      try {
        const state = observer.start(info);
        forgetFailure(state);
        started.push({ observer, state });
      } catch {
        // see above
      }
    }
    return started;
  }
}
