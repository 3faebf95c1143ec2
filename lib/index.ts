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
export { InjectRedis, InjectRedisPool, InjectRedisPublisher } from './decorators/index.js';
export { getRedisPoolToken, getRedisPublisherToken, getRedisToken } from './redis.tokens.js';

// handlers of messages and of entries
export {
  OnRedisMessage,
  OnRedisStream,
  RedisChannel,
  RedisContext,
  RedisPattern,
  RedisPayload,
} from './decorators/index.js';
export { RedisHandlers } from './handlers/redis-handlers.service.js';
export { RedisMessageContext } from './pubsub/redis-message-context.js';
export { RedisStreamContext } from './streams/redis-stream-context.js';
export { RedisPayloadError } from './handlers/redis-payload-error.js';
export type {
  OnRedisMessageOptions,
  OnRedisStreamOptions,
  RedisHandlerErrorContext,
  RedisMessageCodec,
  RedisMessageErrorContext,
  RedisMessageHandlerCounts,
  RedisMessageHandlerStats,
  RedisStreamErrorContext,
  RedisStreamHandlerStats,
} from './interfaces/index.js';

// publishing
export { RedisPublisher } from './publisher/redis-publisher.js';
export type { RedisAddOptions, RedisMessageEncoder, RedisPublishOptions } from './interfaces/index.js';

// telemetry
export type { RedisDebugDirection, RedisDebugFunction, RedisDebugSummary } from './interfaces/index.js';
export { RedisTracingInterceptor } from './telemetry/redis-tracing.interceptor.js';

// the client: everything of nestjs-redwire/core
export * from './core/index.js';
