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
