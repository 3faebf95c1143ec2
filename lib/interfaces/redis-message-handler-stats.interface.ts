/** Messages of a handler since the boot. `received` is the sum of the others. */
export interface RedisMessageHandlerCounts {
  /** All that came from the server. */
  readonly received: number;
  /** Done, what an exception filter took included. */
  readonly handled: number;
  /** Ended with an error: of the handler, its codec, its schema or its enhancers. */
  readonly failed: number;
  /** Lost because `bufferSize` messages were waiting. */
  readonly dropped: number;
  /** In work now; at most `concurrency`. */
  readonly inFlight: number;
  /** Not in work yet. */
  readonly waiting: number;
}

/** One `@OnRedisMessage()` and its counters. */
export interface RedisMessageHandlerStats extends RedisMessageHandlerCounts {
  /** Class of the handler. */
  readonly className: string;
  /** Method of the handler. */
  readonly methodName: string;
  /** Name of the connection that it listens on. */
  readonly connection: string;
  /** Its channels, or its patterns. */
  readonly channels: readonly string[];
}
