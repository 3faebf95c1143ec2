/** What a line of the debug log is about. */
export type RedisDebugDirection =
  /** A command is issued. */
  | 'command'
  /** A command is settled: by its reply, or by an error. */
  | 'reply'
  /** Something befalls the connection of the commands, or a command has to wait or is sent again. */
  | 'event';

/** One line of the debug log. Holds names, numbers and kinds, never an argument, a reply's contents or an error's message. */
export interface RedisDebugSummary {
  /** Name of the connection: `'default'`. */
  readonly connection: string;
  /**
   * The line: `SET ? ?`, `SET: string(2) in 0.41 ms`, `SET: error WRONGTYPE in 0.38 ms`, `reconnecting (attempt 2, in 100 ms)`.
   */
  readonly text: string;
  /** The command's name, `PIPELINE` and `MULTI` included; undefined for an event of the connection. */
  readonly command: string | undefined;
  /**
   * With `cluster` and `sentinel` the server that it is about, as `host:port`; undefined where that is not known, and where there is
   * one server only.
   */
  readonly node: string | undefined;
  /** ms from call to reply; undefined for anything else. */
  readonly duration: number | undefined;
  /** Kind and size of a reply: `string(12)`, `array(3)`, `null`; undefined where there is none. */
  readonly reply: string | undefined;
  /** What went wrong, by its code: `WRONGTYPE`, `TIMEOUT`, `CONNECTION_LOST`; undefined where nothing did. */
  readonly error: string | undefined;
}

/** Gets every line of the debug log. What it throws, or rejects with, is swallowed; what it sends through Redis meanwhile is not logged. */
export type RedisDebugFunction = (direction: RedisDebugDirection, summary: RedisDebugSummary) => void;
