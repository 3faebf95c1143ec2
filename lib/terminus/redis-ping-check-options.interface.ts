/** What counts as healthy, for one connection or for all. Times are ms. */
export interface RedisHealthOptions {
  /** After which what did not answer counts as down. Default 1_000. For several connections together, not for each. */
  timeout?: number | undefined;
  /** After which an answer counts as late: `degraded` with Terminus 12, which Terminus 11 does not know. Default: never. */
  degradedAfter?: number | undefined;
  /**
   * Share of the connections of the pool, or of those that the client lends, above which the connection is `degraded`: from
   * 0 to 1; `0.99` is where the last one is lent. Default 1: never.
   */
  maxPoolUsage?: number | undefined;
  /**
   * What it is when nothing is heard: subscriptions whose connection is lost or does not answer, handlers that could not
   * subscribe, or may not read their stream. `'degraded'` by default, since commands still work: an instance that is `down`
   * is taken out of service, which gives handlers no message back. `'ignore'` shows it and changes nothing.
   */
  whenDeaf?: 'down' | 'degraded' | 'ignore' | undefined;
  /**
   * What it is when some nodes of a cluster do not answer, or some slots are served by none, while other masters answer.
   * `'degraded'` by default: during a failover all instances see the same, and an orchestrator that took all of them out of
   * service for one shard would leave none. Where no master answers it is down in any case.
   */
  whenNodeDown?: 'down' | 'degraded' | 'ignore' | undefined;
}

/** Options of `RedisHealthIndicator.pingCheck()`. */
export interface RedisPingCheckOptions extends RedisHealthOptions {
  /** Name of the connection. Default `'default'`. */
  connection?: string | undefined;
}

/** Options of `RedisHealthIndicator.pingAll()`. */
export interface RedisPingAllOptions extends RedisHealthOptions {
  /** Names of the connections. Default: all that are registered. */
  connections?: readonly string[] | undefined;
}
