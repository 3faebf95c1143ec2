import type { Reply } from '../protocol/reply.js';
import type { CommandArgument } from './arguments.js';

/** What a command's method and the router need to know of it, as bits: the hot path tests numbers, never names. */
export const CommandFlag = {
  /** Changes nothing on the server: may be sent again after a lost connection. */
  READONLY: 1,
  WRITE: 2,
  /** May wait on the server for as long as its own timeout says. */
  BLOCKING: 4,
  /** Puts the connection into another mode or state (SUBSCRIBE, MULTI, WATCH, SELECT, MONITOR …). */
  STATEFUL: 8,
  /** In the server's `@dangerous` category. */
  DANGEROUS: 16,
  /** Its arguments are secrets whole (AUTH, HELLO, ACL SETUSER, CONFIG SET …). */
  SECRET: 32,
  /** Answers with one confirmation for each channel (SUBSCRIBE and its kin). */
  SUBSCRIPTION: 64,
  /** Sending it again leaves the same state (no write, or marked so in the overlay). */
  IDEMPOTENT: 128,
  /** Its reply is bytes, also where the caller reads text (DUMP). */
  BYTES: 256,
  /** About what this very connection did before (WAIT): never moved to another one, also where it blocks. */
  PINNED: 512,
  /** Its RESP3 reply is a map by keys of the user's own, whose bytes and order count: it is read as pairs. */
  PAIRS: 1024,
  /** Makes sense once, where it was sent first: no retry rule is asked about it. */
  ONCE: 2048,
  /** Changes the connection for whoever has it next (CLIENT SETNAME), though it does no harm on a shared one. */
  ALTERING: 4096,
} as const;

/**
 * Turns a decoded reply into the documented shape of a command, whichever protocol it came by. `args` are the arguments
 * as sent: the shape of some replies depends on them (`WITHSCORES`).
 */
export type ReplyTransform = (reply: Reply, args: readonly CommandArgument[]) => unknown;

/**
 * Where a command's keys stand among its arguments (the command's own words not counted, so `GET key` has its key at 0).
 * Generated from the server's key specifications.
 */
export interface KeySpec {
  /** Where to begin: a fixed index, or the argument after a keyword looked for from `startFrom` on (negative: from the end). */
  readonly begin: { readonly index: number } | KeyKeyword;
  /** How to go on from there. */
  readonly find:
    | { readonly lastKey: number; readonly step: number; readonly limit: number }
    | { readonly keynumIndex: number; readonly firstKey: number; readonly step: number };
  /** Decides the slot like a key and is none: a shard channel, the cursor of CLUSTERSCAN. Not prefixed. */
  readonly slotOnly?: true;
  /** No key but a pattern of keys: of KEYS (`glob`), or of SORT's BY and GET (`sort`). Prefixed, and decides no node. */
  readonly pattern?: 'glob' | 'sort';
  /** Empty text stands for no key (MIGRATE). */
  readonly skipEmpty?: true;
}

/** A keyword before keys. */
export interface KeyKeyword {
  readonly keyword: string;
  readonly startFrom: number;
  /** Words on the way with the number of arguments that belong to them: one of those may look like the keyword. */
  readonly skip?: Readonly<Record<string, number>>;
  /** It may come several times, and every time counts; without it only the last time does where `skip` is given. */
  readonly every?: true;
}

/** Where the one key of a command stands, in place of an index. */
export const KeyPlace = {
  /** It has none. */
  NONE: -1,
  /** It may have several, or one that has to be looked for. */
  VARIES: -2,
} as const;

/** Not yet asked for. */
const UNKNOWN_PLACE = -3;

const MOST_KEPT_HEADS = 64;

/** A command as the core sees it. Made once per command by {@link defineCommand}. */
export class CommandSpec {
  /** `heads[n]`: the head for `n` arguments, made on first use. */
  readonly heads: string[] = [];
  /** Words of the command itself: 1 for GET, 2 for CONFIG GET. */
  readonly words: number;
  private nameFrames = '';
  private queuedSpec: CommandSpec | undefined;
  private place: number = UNKNOWN_PLACE;

  constructor(
    /** As users and telemetry see it: `GET`, `CONFIG GET`. */
    readonly name: string,
    readonly flags: number,
    readonly keys: readonly KeySpec[],
    readonly transform: ReplyTransform | null,
  ) {
    this.words = name.includes(' ') ? name.split(' ').length : 1;
  }

  /**
   * The frame's beginning for `count` arguments, with the CRLF that ends the frame before it and without its own:
   * `\r\n*3\r\n$3\r\nSET`.
   */
  head(count: number): string {
    return this.heads[count] ?? this.makeHead(count);
  }

  /** The same command between MULTI and EXEC: the server answers `QUEUED`, and to send it later would be another command. */
  get queued(): CommandSpec {
    return (this.queuedSpec ??= new CommandSpec(this.name, CommandFlag.ONCE, this.keys, null));
  }

  /** The index of the one argument that decides the slot, for most commands; else one of {@link KeyPlace}. */
  get keyPlace(): number {
    return this.place === UNKNOWN_PLACE ? (this.place = placeOf(this.keys)) : this.place;
  }

  /** Not before it is needed: there are four hundred commands, and an application uses twenty. */
  private makeHead(count: number): string {
    if (this.nameFrames === '') {
      const frames = this.name.split(' ').map((word) => `\r\n$${Buffer.byteLength(word)}\r\n${word}`);
      this.nameFrames = frames.join('');
    }
    const head = `\r\n*${count + this.words}${this.nameFrames}`;
    // long lists come in any length: to keep them all would cost more than it saves
    if (count <= MOST_KEPT_HEADS) this.heads[count] = head;
    return head;
  }
}

function placeOf(keys: readonly KeySpec[]): number {
  const deciding = keys.filter((key) => key.pattern === undefined);
  const [key] = deciding;
  if (key === undefined) return KeyPlace.NONE;
  const { begin, find, skipEmpty } = key;
  const one = deciding.length === 1 && 'index' in begin && 'lastKey' in find && find.lastKey === 0;
  return one && skipEmpty === undefined ? begin.index : KeyPlace.VARIES;
}

/** Declares a command. */
export function defineCommand(
  name: string,
  flags: number,
  keys: readonly KeySpec[] = [],
  transform: ReplyTransform | null = null,
): CommandSpec {
  return new CommandSpec(name, flags, keys, transform);
}
