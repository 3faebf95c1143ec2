import type { CommandArgument } from '../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import { KEYS } from '../commands/commands.generated.js';
import { stripPrefix } from '../commands/key-positions.js';
import { unexpectedReply } from '../connection/command-errors.js';
import { serverError } from '../connection/server-error.js';
import { ReplyError, type Reply } from '../protocol/reply.js';

/** A command between MULTI and EXEC, as it will be sent. */
export interface QueuedCommand {
  readonly spec: CommandSpec;
  readonly args: readonly CommandArgument[];
}

/** Why a command was not queued. */
export interface Refusal {
  /** Of the command in the transaction; -1 is MULTI. */
  readonly place: number;
  readonly create: () => Error;
}

/** An error among the results, to be made where its caller waits. */
export class FailedResult {
  constructor(readonly create: () => Error) {}
}

/**
 * The results, the errors among them made. To be called as near to the caller as can be: a stack holds ten frames, and the caller's
 * is to be one of them.
 */
export function makeErrors(results: readonly unknown[]): unknown[] {
  return results.map((result) => (result instanceof FailedResult ? result.create() : result));
}

/** The commands of a transaction in their order, and what EXEC answers read as their replies. */
export class QueuedCommands {
  readonly list: QueuedCommand[] = [];
  /** Those that the server would not queue, in the order of its answers. */
  readonly refusals: Refusal[] = [];
  private holdsBytes = false;

  /**
   * @param buffers replies are bytes instead of text.
   * @param keyPrefix goes before every key.
   */
  constructor(
    private readonly buffers: boolean,
    private readonly keyPrefix: string,
  ) {}

  /** EXEC's reply must be read as bytes: of what is read as text there would be no way back. */
  get wantsBuffers(): boolean {
    return this.buffers || this.holdsBytes;
  }

  add(spec: CommandSpec, args: readonly CommandArgument[]): void {
    this.holdsBytes ||= (spec.flags & CommandFlag.BYTES) !== 0;
    this.list.push({ spec, args });
  }

  /** Is the map at this place of EXEC's reply wanted as pairs? */
  wantsPairs(place: number): boolean {
    return ((this.list[place]?.spec.flags ?? 0) & CommandFlag.PAIRS) !== 0;
  }

  /**
   * Each command's result in its documented shape; of one that failed a {@link FailedResult}. Null where a watched key changed.
   *
   * @throws {TypeError} for a reply that is not one to these commands.
   */
  read(reply: Reply): unknown[] | null {
    if (reply === null) return null;
    if (!Array.isArray(reply) || reply.length !== this.list.length)
      throw new TypeError('EXEC must answer with a result for each command.');
    return reply.map((result, index) => this.readOne(this.list[index]!, result));
  }

  private readOne({ spec, args }: QueuedCommand, result: Reply): unknown {
    if (result instanceof ReplyError)
      return new FailedResult(() => serverError(result.message, spec.name, args));
    const readsBytes = this.buffers || (spec.flags & CommandFlag.BYTES) !== 0;
    const reply = this.holdsBytes && !readsBytes ? toText(result) : result;
    let value: unknown = reply;
    try {
      if (spec.transform !== null) value = spec.transform(reply, args);
    } catch (cause) {
      // a fault in what one result is made by (a script's `reply`) must not cost the others
      return new FailedResult(() => unexpectedReply(spec.name, cause));
    }
    return spec === KEYS && this.keyPrefix !== '' ? stripPrefix(value as string[], this.keyPrefix) : value;
  }
}

/** The same reply with text for bytes. Keys of maps are text already. */
function toText(reply: Reply): Reply {
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (Array.isArray(reply)) return reply.map(toText);
  if (reply instanceof Map) return new Map([...reply].map(([key, value]) => [toText(key), toText(value)]));
  if (typeof reply !== 'object' || reply === null || reply instanceof ReplyError) return reply;
  return Object.fromEntries(Object.entries(reply).map(([key, value]) => [key, toText(value)]));
}
