// #region own
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisHealthIndicator } from 'nestjs-redwire/terminus';

@Module({
  imports: [TerminusModule.forRoot({ errorLogStyle: 'json' })],
  providers: [RedisHealthIndicator],
  exports: [RedisHealthIndicator],
})
export class HealthModule {}
// #endregion

export function check(redis: RedisHealthIndicator) {
  // #region check
  return redis.pingCheck('queue', { connection: 'queue', timeout: 500, degradedAfter: 100 });
  // #endregion
}

export function all(redis: RedisHealthIndicator) {
  // #region all
  return redis.pingAll('redis', { timeout: 500, maxPoolUsage: 0.9 });
  // #endregion
}

// #region result
export const result = {
  redis: {
    status: 'up',
    connection: 'default',
    address: 'localhost:6379',
    state: 'ready',
    latency: 0.42,
    pool: { active: 3, idle: 1, waiting: 0, total: 4, min: 2, max: 10, usage: 0.3 },
    dedicated: { active: 1, idle: 0, waiting: 0, total: 1, min: 0, max: 100, usage: 0.01 },
    subscriber: { state: 'ready', subscriptions: 2, latency: 0.38 },
  },
};
// #endregion

// #region nodes
export const onCluster = {
  redis: {
    status: 'degraded',
    connection: 'default',
    address: 'the cluster of redis-1:6379, redis-2:6379',
    state: 'ready',
    latency: 0.61,
    nodes: [
      { address: '10.0.0.1:6379', role: 'master', state: 'ready', latency: 0.48 },
      { address: '10.0.0.2:6379', role: 'master', state: 'ready', latency: 0.61 },
      {
        address: '10.0.0.3:6379',
        role: 'master',
        state: 'reconnecting',
        message: 'there is no connection to Redis at 10.0.0.3:6379 …',
      },
    ],
    message: 'there is no connection to Redis at 10.0.0.3:6379 …',
  },
};
// #endregion
