import type { FeedOptions } from '../feed/feed-options.js';

/** A command as a monitor gives it. */
export interface MonitoredCommand<Data extends string | Buffer = string> {
  /** When the server carried it out, by its clock: ms since 1970, with three decimals for the microseconds. */
  readonly time: number;
  /** The number of the database. */
  readonly database: number;
  /** Who sent it: `127.0.0.1:60866`, `[::1]:60866`, `unix:/path`, or `lua` from inside of a script. */
  readonly source: string;
  /** Its first word, spelled as it was sent. */
  readonly command: string;
  /** What followed. The server shows `(redacted)` for a password. */
  readonly args: readonly Data[];
}

/** Settings of one monitor. */
export interface MonitorOptions extends FeedOptions {
  /** `args` as Buffers instead of text. Default false. */
  buffers?: boolean | undefined;
}
