export { RedisHealthIndicator } from './redis-health.indicator.js';
export { RedisHealthModule } from './redis-health.module.js';
export type { RedisPingCheckOptions } from './redis-ping-check-options.interface.js';
