/** An entry as a consumer gets it. */
export interface StreamConsumerEntry<T extends string | Buffer = string> {
  readonly id: string;
  /** A field given twice in one entry keeps its last value. */
  readonly fields: Readonly<Record<string, T>>;
  /** How often the group has handed it out, this time included: 1 at first. Counted by the server, across processes. */
  readonly deliveries: number;
}

/** What a handler gets beside the entry. */
export interface StreamHandlerContext {
  /** Fires when the consumer can wait no longer: `stop()` ran into its timeout, or the client was closed. */
  readonly signal: AbortSignal;
}

/** Handles one entry. What it returns is ignored; what it throws leaves the entry pending. */
export type StreamHandler<T extends string | Buffer = string> = (
  entry: StreamConsumerEntry<T>,
  context: StreamHandlerContext,
) => unknown;

/** An entry that no handler is given again. */
export interface StreamDeadLetter<T extends string | Buffer = string> {
  readonly entry: StreamConsumerEntry<T>;
  /** What the handler failed with; undefined where the processes that had the entry never got to an end with it. */
  readonly error: unknown;
  /** The stream that it is in now, and its id there; both undefined with `deadLetter: false`. */
  readonly stream: string | undefined;
  readonly id: string | undefined;
}

/** What befalls a consumer. */
export interface StreamConsumerEvents<T extends string | Buffer = string> {
  /** The group is there, and the server has answered the first read. */
  ready: [];
  /** Something failed that the consumer gets over by itself: a lost connection, a group that is gone. */
  error: [error: Error];
  /** A handler threw or rejected; the entry comes again after `claimIdle`, or becomes a dead letter. */
  handlerError: [entry: StreamConsumerEntry<T>, error: unknown];
  /** The entry was delivered `maxDeliveries` times in vain: it is in the dead-letter stream, and acknowledged. */
  deadLetter: [event: StreamDeadLetter<T>];
  /** Entries were taken over that had been pending for `claimIdle`: of dead consumers, or failed ones. */
  claimed: [entries: readonly StreamConsumerEntry<T>[]];
  /** Entries were pending that are no longer in the stream: acknowledged, and given to nobody. */
  dropped: [ids: readonly string[]];
}

/** Counts of one consumer since it was made. */
export interface StreamConsumerStats {
  /** Entries whose handler succeeded, or after which a loop asked for the next one. */
  readonly handled: number;
  /** Handlers that failed. */
  readonly failed: number;
  /** Entries taken over after `claimIdle`. */
  readonly claimed: number;
  /** Entries given up after `maxDeliveries`. */
  readonly deadLettered: number;
  /** Pending entries that were no longer in the stream. */
  readonly dropped: number;
  /** Entries with a handler now. */
  readonly inFlight: number;
  /** Entries read, and not begun. */
  readonly waiting: number;
}
