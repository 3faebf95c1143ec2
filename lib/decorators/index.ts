export * from './inject-redis.decorator.js';
export * from './inject-redis-pool.decorator.js';
export * from './inject-redis-publisher.decorator.js';
export * from './on-redis-message.decorator.js';
export * from './redis-channel.decorator.js';
export * from './redis-context.decorator.js';
export * from './redis-pattern.decorator.js';
export * from './redis-payload.decorator.js';
