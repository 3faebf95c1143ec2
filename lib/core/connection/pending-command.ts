import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import type { RedisError } from '../errors.js';
import type { Reply } from '../protocol/reply.js';
import type { CallSettings, CommandContext } from './command-context.js';
import { unexpectedReply } from './command-errors.js';

/**
 * A command from its call to its reply, whoever waits for it. Lives in one queue at a time: waiting (not sent), or in
 * flight (sent, or in the text about to be written). Small on purpose: there may be a hundred thousand of them.
 */
export abstract class PendingCommand {
  /** Tick after which nobody waits any longer; 0 is never. */
  deadline = 0;
  /** True once it was settled. A settled command in flight keeps its place, so that its late reply is dropped and not misread. */
  settled = false;
  /** What only some commands have: signal, retry state, observers. */
  context: CommandContext | null = null;

  constructor(
    readonly spec: CommandSpec,
    /** Replaced where it is sent once more with less time to wait. */
    public args: readonly CommandArgument[],
    /** The caller wants bytes instead of text. */
    readonly buffers: boolean,
  ) {}

  /** What its call asked for. */
  get settings(): CallSettings | null {
    return this.context;
  }

  /** Those who watch it, where anybody does. */
  get observation(): CommandContext | null {
    return this.context;
  }

  /** Hands the value to whoever waits. */
  protected abstract resolve(value: unknown): void;
  /** Hands them an error that is made as late as is good for its stack. */
  protected abstract reject(create: () => Error): void;

  /** Does it want a map as pairs: the reply itself (-1), or that element of it? */
  wantsPairs(place: number): boolean {
    return place === -1 && (this.spec.flags & CommandFlag.PAIRS) !== 0;
  }

  /** Settles with the server's reply, in the documented shape. */
  reply(reply: Reply): void {
    if (this.settled) return;
    const { transform } = this.spec;
    if (transform === null && this.context === null) {
      this.settled = true;
      this.resolve(reply);
      return;
    }
    const calledOff = this.context?.calledOff;
    if (typeof calledOff === 'function' && reply === null) {
      this.fail(calledOff);
      return;
    }
    let value: unknown = reply;
    if (transform !== null) {
      try {
        value = transform(reply, this.args);
      } catch (cause) {
        this.fail(() => unexpectedReply(this.spec.name, cause));
        return;
      }
    }
    this.settle(value);
  }

  /** Settles where these words of the server say that it has ended the wait as it was asked to. */
  takeUnblocked(message: string): boolean {
    const { context } = this;
    if (context === null || context.calledOff === undefined || !message.startsWith('UNBLOCKED '))
      return false;
    context.unblocked = true;
    this.reply(null);
    return true;
  }

  /** Settles with a value in the documented shape already: put together out of several replies. */
  answer(value: unknown): void {
    if (!this.settled) this.settle(value);
  }

  /** Settles with a value as it is. */
  protected settle(value: unknown): void {
    this.settled = true;
    this.context?.finish(undefined, value);
    this.resolve(value);
  }

  /** Settles with an error. */
  fail(create: () => RedisError): void {
    if (this.settled) return;
    this.settled = true;
    this.reject(() => {
      const error = create();
      const fault = this.context?.retryFault;
      if (fault !== undefined) error.cause = new Error('The `retry` function threw.', { cause: fault });
      this.context?.finish(error);
      return error;
    });
  }

  /** Waits on the server, on a connection of its own: silence is what it asked for. */
  get isBlocking(): boolean {
    return this.context !== null && this.context.blocking;
  }

  /** Sending it twice does no harm. */
  get isIdempotent(): boolean {
    return (
      (this.spec.flags & (CommandFlag.READONLY | CommandFlag.IDEMPOTENT)) !== 0 ||
      this.settings?.idempotent === true
    );
  }
}

/** Keeps the place of a command in flight that is being sent once more: the late reply to the first attempt is nobody's. */
export class Abandoned extends PendingCommand {
  override settled = true;

  constructor({ spec, args, buffers }: Pick<PendingCommand, 'spec' | 'args' | 'buffers'>) {
    super(spec, args, buffers);
  }

  protected override resolve(): void {}
  protected override reject(): void {}
}
