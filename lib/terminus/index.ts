export type {
  ConnectionHealth,
  HealthStatus,
  NodeHealth,
  PoolHealth,
  SubscriberHealth,
} from './connection-health.js';
export { RedisHealthIndicator } from './redis-health.indicator.js';
export { RedisHealthModule } from './redis-health.module.js';
export type {
  RedisHealthOptions,
  RedisPingAllOptions,
  RedisPingCheckOptions,
} from './redis-ping-check-options.interface.js';
