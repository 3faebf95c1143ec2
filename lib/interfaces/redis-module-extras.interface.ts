/** What decides about the module's tokens, and so is known before an async factory has run. */
export interface RedisModuleExtras {
  /** Name to inject the connection by, with `@InjectRedis(name)`. Default `'default'`. */
  name?: string | undefined;
  /** `false`: only modules that import this one can inject the connection. Default true. */
  isGlobal?: boolean | undefined;
}
