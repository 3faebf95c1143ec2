/** The service's settings, from the environment. */
export declare class AppConfig {
  private readonly environment;
  private constructor();
  /** An empty variable counts as one that is not set. */
  static from(environment: NodeJS.ProcessEnv): AppConfig;
  /** Where to listen; port 0 takes any free one. */
  get host(): string;
  get port(): number;
  get redisUrl(): string;
  /** In front of every key, so that the board can live in a Redis beside others. */
  get redisKeyPrefix(): string;
  /** Where spans go: nowhere, or to stdout with OpenTelemetry's console exporter. */
  get tracing(): 'off' | 'console';
}
