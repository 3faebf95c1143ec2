import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { RedisProtocolError, type RedisError } from '../errors.js';
import type { Reply } from '../protocol/reply.js';
import type { CommandContext } from './command-context.js';

type Resolve = (value: unknown) => void;

let captured: Resolve;
const capture = (resolve: Resolve): void => {
  captured = resolve;
};
const resolved = Promise.resolve();
const nothing = (): void => {};

/**
 * A command from its call to its reply. Lives in one queue at a time: waiting (not sent), or in flight (sent, or in the
 * text about to be written). Small on purpose: there may be a hundred thousand of them.
 */
export class Command {
  /** The caller's promise. */
  readonly promise: Promise<unknown>;
  /** Tick after which nobody waits any longer; 0 is never. */
  deadline = 0;
  /** True once the promise was settled. A settled command in flight keeps its place, so that its late reply is dropped and not misread. */
  settled = false;
  /** What only some commands have: signal, retry state, observers. */
  context: CommandContext | null = null;
  private readonly resolvePromise: Resolve;

  constructor(
    readonly spec: CommandSpec,
    readonly args: readonly CommandArgument[],
    /** The caller wants bytes instead of text. */
    readonly buffers: boolean,
  ) {
    // an executor shared by all commands: no closure is made for each
    this.promise = new Promise(capture);
    this.resolvePromise = captured;
  }

  /** Settles with the server's reply, in the documented shape. */
  reply(reply: Reply): void {
    if (this.settled) return;
    const { transform } = this.spec;
    if (transform === null && this.context === null) {
      this.settled = true;
      this.resolvePromise(reply);
      return;
    }
    let value: unknown = reply;
    if (transform !== null) {
      try {
        value = transform(reply, this.args);
      } catch (cause) {
        const { name } = this.spec;
        this.fail(
          () =>
            new RedisProtocolError(`${name}: the reply is not of the shape that ${name} answers with.`, {
              cause,
              command: name,
            }),
        );
        return;
      }
    }
    this.settled = true;
    this.context?.finish(undefined);
    this.resolvePromise(value);
  }

  /**
   * Settles with an error, which is made a few microtasks later, in a job that the caller's promise hangs on: there V8
   * finds the async functions that await it and puts their lines into `error.stack`. Costs the happy path nothing.
   */
  fail(create: () => RedisError): void {
    if (this.settled) return;
    this.settled = true;
    this.resolvePromise(
      resolved.then(nothing).then(() => {
        const error = create();
        const fault = this.context?.retryFault;
        if (fault !== undefined) error.cause = new Error('The `retry` function threw.', { cause: fault });
        this.context?.finish(error);
        throw error;
      }),
    );
  }

  /** Settles with an error at hand, whose stack is the caller's already. */
  failWith(error: Error): void {
    if (this.settled) return;
    this.settled = true;
    this.context?.finish(error);
    this.resolvePromise(Promise.reject(error));
  }

  /** Waits on the server, on a connection of its own: silence is what it asked for. */
  get isBlocking(): boolean {
    return this.context !== null && this.context.blocking;
  }

  /** Sending it twice does no harm. */
  get isIdempotent(): boolean {
    return (
      (this.spec.flags & (CommandFlag.READONLY | CommandFlag.IDEMPOTENT)) !== 0 ||
      this.context?.idempotent === true
    );
  }
}
