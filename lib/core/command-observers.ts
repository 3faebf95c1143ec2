import { CommandInfos, type ShownCommand } from './command-infos.js';
import { CommandContext, type Observation } from './connection/command-context.js';
import type { PendingCommand } from './connection/pending-command.js';
import { areCommandsTraced, commandChannels } from './diagnostics-channels.js';
import type { CommandInfo, CommandObserver, Peer } from './observer.js';
import type { ResolvedOptions } from './resolve-options.js';

/** The connection that commands take, as far as observers hear of it. */
interface Road {
  readonly peer: Peer | undefined;
}

/** Those who watch a client's commands. An observer's fault never reaches a command's caller. */
export class CommandObservers {
  private all: readonly CommandObserver[] = [];
  private readonly infos: CommandInfos;

  constructor(options: ResolvedOptions) {
    this.infos = new CommandInfos(options);
  }

  /** Is anybody watching? Those who listen to the diagnostics channels are asked for, since they come and go unheard. */
  get active(): boolean {
    return this.all.length > 0 || areCommandsTraced();
  }

  /** Returns the function that takes it out again. */
  add(observer: CommandObserver): () => void {
    this.all = [...this.all, observer];
    return () => (this.all = this.all.filter((other) => other !== observer));
  }

  /**
   * Shows a command; its context tells the observers what becomes of it.
   *
   * @param road undefined where it is not known yet.
   */
  show(command: PendingCommand, road?: Road): void {
    const context = (command.context ??= new CommandContext());
    context.observations = this.start(this.infos.of(command, road?.peer));
  }

  /** Shows commands that are sent as one. What it returns is to be finished when the last has settled. */
  showPipeline(commands: readonly ShownCommand[], road?: Road): CommandContext {
    return this.showBatch(this.infos.ofBatch('PIPELINE', commands, road?.peer));
  }

  /** The same for the commands between MULTI and EXEC. */
  showTransaction(commands: readonly ShownCommand[]): CommandContext {
    return this.showBatch(this.infos.ofBatch('MULTI', commands, undefined));
  }

  private showBatch(info: CommandInfo): CommandContext {
    const context = new CommandContext();
    context.observations = this.start(info);
    return context;
  }

  private start(info: CommandInfo): Observation[] {
    const started: Observation[] = [];
    const watching = areCommandsTraced() ? [...this.all, commandChannels] : this.all;
    for (const observer of watching) {
      try {
        started.push({ observer, state: observer.start(info) });
      } catch {
        // see above
      }
    }
    return started;
  }
}
