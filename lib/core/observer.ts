/** What an observer learns of a command: never an argument. */
export interface CommandInfo {
  /** `GET`, `CONFIG SET`; of a pipeline `PIPELINE GET`, or `PIPELINE` where its commands differ; `MULTI GET` and `MULTI` of a transaction. */
  readonly name: string;
  /**
   * The command with a `?` for each argument: `SET ? ?`. Of a pipeline a line for each of the first 20, or one where all
   * are the same. Made on first read.
   */
  readonly queryText: string;
  /** Commands sent as one (pipelines, transactions); undefined for a command by itself. */
  readonly batchSize: number | undefined;
  readonly host: string;
  readonly port: number | undefined;
  /** The Unix socket, where one is used. */
  readonly path: string | undefined;
  readonly database: number;
}

/**
 * Sees every command of a client from call to settling. This is what spans and metrics stand on. Without an observer
 * commands carry nothing for it.
 */
export interface CommandObserver<State = unknown> {
  /** Called as the command is issued, synchronously, in its caller's async context. What it returns is handed to `end`. */
  start(info: CommandInfo): State;
  /** Called once, when the command was settled. */
  end(state: State, error: Error | undefined): void;
}
