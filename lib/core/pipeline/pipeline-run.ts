import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { KEYS } from '../commands/commands.generated.js';
import { prefixKeys, stripPrefix } from '../commands/key-positions.js';
import type { CallSettings, CommandContext } from '../connection/command-context.js';
import { RedisError } from '../errors.js';
import { ScriptSpec } from '../script/script-spec.js';
import { isUnknownScript } from '../script/unknown-script.js';
import { PipelinedCommand, type ResultCollector } from './pipelined-command.js';

/** A pipeline: its commands, and once they are sent the results as far as they have come. */
export class PipelineRun implements ResultCollector {
  /** As they will be sent. */
  readonly commands: PipelinedCommand[] = [];
  /** Settles when the last command has; never rejects. */
  readonly done: Promise<void>;
  /** In the order of the commands: replies, and errors where they failed, once these are made. */
  readonly results: unknown[] = [];
  /** Places in {@link results} that hold an error. */
  readonly failed: number[] = [];
  /** What the call that runs it asked for; the same for each of its commands. */
  settings: CallSettings | null = null;
  /** Those who watch it. */
  observation: CommandContext | null = null;
  /** Where its results belong in another pipeline. */
  private readonly places: number[] = [];
  private readonly errors: (() => Error)[] = [];
  private left = 0;
  private finish!: () => void;

  /**
   * @param buffers replies are bytes instead of text.
   * @param keyPrefix goes before every key.
   */
  constructor(
    private readonly buffers: boolean,
    private readonly keyPrefix: string,
  ) {
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  /** Commands that have not settled yet. */
  get unsettled(): number {
    return this.left;
  }

  /** The error that came first. */
  get firstError(): Error | undefined {
    return this.failed.length === 0 ? undefined : (this.results[this.failed[0]!] as Error);
  }

  add(spec: CommandSpec, given: CommandArgument[]): void {
    const args = this.keyPrefix === '' ? given : prefixKeys(spec, given, this.keyPrefix);
    const buffers = this.buffers || (spec.flags & CommandFlag.BYTES) !== 0;
    this.commands.push(new PipelinedCommand(spec, args, buffers, this, this.left++));
  }

  /** Has the script called at that place sent as a whole, in place of its SHA-1. To be called before anything is sent. */
  sendWhole(place: number): PipelinedCommand {
    const command = this.commands[place]!;
    const { spec, args, buffers } = command;
    if (!(spec instanceof ScriptSpec)) return command;
    return (this.commands[place] = new PipelinedCommand(
      spec.whole,
      spec.wholeArgs([...args]),
      buffers,
      this,
      place,
    ));
  }

  settle(index: number, value: unknown): void {
    const { results } = this;
    // mostly in order; a list with holes in it would be slower to read for ever
    while (results.length < index) results.push(undefined);
    if (results.length === index) results.push(value);
    else results[index] = value;
    this.finishOne();
  }

  fail(index: number, create: () => Error): void {
    this.failed.push(index);
    this.errors.push(create);
    this.finishOne();
  }

  /** To be called by the async function that waited: there V8 finds its callers and puts their lines into `error.stack`. */
  makeErrors(): void {
    const { results, failed } = this;
    while (failed.length > 0 && results.length < this.commands.length) results.push(undefined);
    for (const [nth, index] of failed.entries()) results[index] = this.errors[nth]!();
  }

  /** KEYS answers with whole keys; its caller knows them without the prefix. */
  stripKeys(): void {
    if (this.keyPrefix === '') return;
    for (const [index, { spec }] of this.commands.entries()) {
      const keys = this.results[index];
      if (spec === KEYS && Array.isArray(keys)) this.results[index] = stripPrefix(keys, this.keyPrefix);
    }
  }

  /** Calls of scripts that the server had forgotten, to be sent as a whole; undefined where there are none. */
  forgottenScripts(): PipelineRun | undefined {
    const again = new PipelineRun(this.buffers, '');
    for (const place of this.failed) {
      const { spec, args } = this.commands[place]!;
      if (!(spec instanceof ScriptSpec) || !isUnknownScript(this.results[place])) continue;
      again.add(spec.whole, spec.wholeArgs(args));
      again.places.push(place);
    }
    return again.commands.length === 0 ? undefined : again;
  }

  /** Puts what came of {@link forgottenScripts} in its places. */
  take(again: PipelineRun): void {
    for (const [nth, place] of again.places.entries()) this.results[place] = again.results[nth];
    const failed = this.failed.filter((place) => this.results[place] instanceof RedisError);
    this.failed.length = 0;
    for (const place of failed) this.failed.push(place);
  }

  private finishOne(): void {
    if (--this.left === 0) this.finish();
  }
}
