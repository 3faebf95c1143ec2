import type { CommandArgument } from './commands/arguments.js';
import type { CommandSpec } from './commands/command-spec.js';
import { queryText } from './commands/redaction.js';
import { CommandContext } from './connection/command-context.js';
import type { PendingCommand } from './connection/pending-command.js';
import type { CommandInfo, CommandObserver } from './observer.js';
import type { ResolvedOptions } from './resolve-options.js';

/** What is told of a command. */
export interface ShownCommand {
  readonly spec: CommandSpec;
  readonly args: readonly CommandArgument[];
}

/** Of a longer pipeline only so many commands are described: a span is no log. */
const MOST_DESCRIBED = 20;

/** Those who watch a client's commands. An observer's fault never reaches a command's caller. */
export class CommandObservers {
  /** Is anybody watching? */
  active = false;
  private all: readonly CommandObserver[] = [];

  constructor(private readonly options: ResolvedOptions) {}

  /** Returns the function that takes it out again. */
  add(observer: CommandObserver): () => void {
    this.set([...this.all, observer]);
    return () => this.set(this.all.filter((other) => other !== observer));
  }

  /** Shows a command; its context tells the observers when it has settled. */
  show(command: PendingCommand): void {
    const context = (command.context ??= new CommandContext());
    for (const { observer, state } of this.start([command], command.spec.name, undefined))
      context.observed(observer, state);
  }

  /** Shows commands that are sent as one. Returns what is to be called when the last has settled. */
  showPipeline(commands: readonly ShownCommand[]): (error: Error | undefined) => void {
    return this.showBatch(commands, batchName('PIPELINE', commands));
  }

  /** The same for the commands between MULTI and EXEC. */
  showTransaction(commands: readonly ShownCommand[]): (error: Error | undefined) => void {
    return this.showBatch(commands, batchName('MULTI', commands));
  }

  private showBatch(commands: readonly ShownCommand[], name: string): (error: Error | undefined) => void {
    const context = new CommandContext();
    for (const { observer, state } of this.start(commands, name, commands.length))
      context.observed(observer, state);
    return (error) => context.finish(error);
  }

  private set(observers: readonly CommandObserver[]): void {
    this.all = observers;
    this.active = observers.length > 0;
  }

  private start(
    commands: readonly ShownCommand[],
    name: string,
    batchSize: number | undefined,
  ): { observer: CommandObserver; state: unknown }[] {
    const { options } = this;
    const unix = options.path !== undefined;
    const info: CommandInfo = {
      name,
      get queryText() {
        return describe(commands);
      },
      batchSize,
      host: options.host,
      port: unix ? undefined : options.port,
      path: options.path,
      database: options.database,
    };
    const started: { observer: CommandObserver; state: unknown }[] = [];
    for (const observer of this.all) {
      try {
        started.push({ observer, state: observer.start(info) });
      } catch {
        // see above
      }
    }
    return started;
  }
}

/** As OpenTelemetry's conventions have it: `PIPELINE GET` for a batch of one operation, `PIPELINE` for one of several. */
function batchName(kind: 'PIPELINE' | 'MULTI', commands: readonly ShownCommand[]): string {
  const [first] = commands;
  if (first === undefined) return kind;
  const { name } = first.spec;
  // one command is no batch; a transaction is one of whatever length
  if (commands.length === 1 && kind === 'PIPELINE') return name;
  return commands.every(({ spec }) => spec.name === name) ? `${kind} ${name}` : kind;
}

function describe(commands: readonly ShownCommand[]): string {
  const [first] = commands;
  if (first === undefined) return '';
  const text = queryText(first.spec, first.args);
  // what is the same for all is said once
  if (commands.every(({ spec, args }) => queryText(spec, args) === text)) return text;
  const lines = commands.slice(0, MOST_DESCRIBED).map(({ spec, args }) => queryText(spec, args));
  if (commands.length > lines.length) lines.push(`… (${commands.length - lines.length} more)`);
  return lines.join('\n');
}
