/** Options of `RedisHealthIndicator.pingCheck()`. Times are ms. */
export interface RedisPingCheckOptions {
  /** Name of the connection. Default `'default'`. */
  connection?: string;
  /** After which a server that does not answer counts as down. Default 1_000. */
  timeout?: number;
  /** After which an answer counts as late: `degraded` with Terminus 12, which Terminus 11 does not know. Default: never. */
  degradedAfter?: number;
}
