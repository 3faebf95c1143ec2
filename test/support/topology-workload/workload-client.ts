/** What the load needs of a pipeline. */
export interface WorkloadPipeline {
  set(key: string, value: string): unknown;
  get(key: string): unknown;
  incr(key: string): unknown;
  /** A result for each command in its place, an `Error` where it failed. */
  exec(): Promise<unknown[]>;
}

/** What the load needs of a client: a `RedisClient`, on whatever topology, or a fake one. */
export interface WorkloadClient {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  incr(key: string): Promise<unknown>;
  pipeline(): WorkloadPipeline;
}
