import type { RedisError } from '../errors.js';

/** The other end of a connection, as its socket says. */
export interface Peer {
  /** An IP address, or the path of a Unix socket. */
  readonly address: string;
  readonly port: number | undefined;
}

/**
 * What an observer learns of a command: never an argument. Commands of one kind, issued on one connection with as many
 * arguments, may be told by one and the same object, so that an observer can keep by it what it made of it.
 */
export interface CommandInfo {
  /** `GET`, `CONFIG SET`; of a pipeline `PIPELINE GET`, or `PIPELINE` where its commands differ; `MULTI GET` and `MULTI` of a transaction. */
  readonly name: string;
  /**
   * The command with a `?` for each argument: `SET ? ?`. Of a pipeline a line for each of the first 20, or one where all
   * are the same. Made on first read.
   */
  readonly queryText: string;
  /** The names of the commands: one, or of a batch each of them, in order. Made on first read. */
  readonly commandNames: readonly string[];
  /** Commands sent as one (pipelines, transactions); undefined for a command by itself. */
  readonly batchSize: number | undefined;
  /**
   * Of the server that the command goes to; where no Sentinel has told of it yet, of the first one that was configured. In a
   * cluster undefined where it is not known which node that is, or where there are several.
   */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** The Unix socket, where one is used. */
  readonly path: string | undefined;
  readonly database: number;
  /**
   * Where the connection goes that the command is to take; undefined where there is none yet, or where it waits for one of its
   * own (blocking commands, transactions).
   */
  readonly peer?: Peer | undefined;
  /** Of EVALSHA the SHA-1 of the script: a digest, not a value. */
  readonly scriptSha?: string | undefined;
  /** The library itself answers a NOSCRIPT by sending the script whole: that refusal is no failure. */
  readonly isTentative?: boolean | undefined;
}

/** What befalls a command between its call and its settling. */
export type CommandEvent =
  | {
      /** It waits for a connection. */
      readonly type: 'waiting';
      /** Why there is none; undefined while the first is being made. */
      readonly error: RedisError | undefined;
    }
  | {
      /** It failed, and is sent again. */
      readonly type: 'retry';
      /** 1 for the first time that it is sent again. */
      readonly attempt: number;
      /** ms, at the least: a connection may have to be made first. */
      readonly delay: number;
      /** Why it is sent again. */
      readonly error: RedisError;
    }
  | {
      /** A node of a cluster said that the slot is another one's. It goes there at once, which is no further attempt. */
      readonly type: 'redirect';
      /** `MOVED`: the slot has moved; `ASK`: it is on its way, and this command goes after it. */
      readonly kind: 'MOVED' | 'ASK';
      readonly slot: number;
      /** What the node said. */
      readonly error: RedisError;
    }
  | {
      /** It leaves, after one of those above. */
      readonly type: 'sent';
      readonly peer: Peer | undefined;
    };

/**
 * Sees every command of a client from call to settling. This is what spans and metrics stand on. Without an observer
 * commands carry nothing for it.
 */
export interface CommandObserver<State = unknown> {
  /** True to be told the kind of each reply as the third argument of `end`, which takes a little time for each. Default false. */
  readonly wantsReplyKind?: boolean;
  /** Called as the command is issued, synchronously, in its caller's async context. What it returns is handed to the others. */
  start(info: CommandInfo): State;
  /**
   * Called when the command has to wait for a connection or is sent again, which most commands never are. Of a pipeline or a
   * transaction that is told once for all of its commands.
   */
  event?(state: State, event: CommandEvent): void;
  /**
   * Called once, when the command was settled.
   *
   * @param reply kind and size of the reply, never its contents: `string(12)`, `array(3)`, `null`. Only with `wantsReplyKind`,
   *   and without an error.
   */
  end(state: State, error: Error | undefined, reply?: string): void;
}
