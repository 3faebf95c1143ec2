import type { RedisClientOptions, RedisPoolOptions } from '../core/index.js';

/** What a connection's pool takes beside the connection's own options: `min`, `max`, `acquireTimeout`, `idleTimeout`. */
export type RedisModulePoolOptions = Omit<RedisPoolOptions, keyof RedisClientOptions>;
