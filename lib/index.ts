// the module
export { RedisModule } from './redis.module.js';
export { DEFAULT_REDIS_CONNECTION } from './redis.constants.js';
export type {
  RedisConnectPolicy,
  RedisModuleAsyncOptions,
  RedisModuleExtras,
  RedisModuleOptions,
  RedisModulePoolOptions,
  RedisOptionsFactory,
  RedisTelemetryOptions,
} from './interfaces/index.js';

// injection, and overriding in tests
export { InjectRedis, InjectRedisPool } from './decorators/index.js';
export { getRedisPoolToken, getRedisToken } from './redis.tokens.js';

// message handlers
export {
  OnRedisMessage,
  RedisChannel,
  RedisContext,
  RedisPattern,
  RedisPayload,
} from './decorators/index.js';
export { RedisMessageContext } from './pubsub/redis-message-context.js';
export type {
  OnRedisMessageOptions,
  RedisHandlerErrorContext,
  RedisMessageCodec,
} from './interfaces/index.js';

// telemetry
export type { RedisDebugDirection, RedisDebugFunction, RedisDebugSummary } from './interfaces/index.js';
export { RedisTracingInterceptor } from './telemetry/redis-tracing.interceptor.js';

// the client: everything of nestjs-redwire/core
export * from './core/index.js';
