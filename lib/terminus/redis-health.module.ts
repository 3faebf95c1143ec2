import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisHealthIndicator } from './redis-health.indicator.js';

/**
 * Provides {@link RedisHealthIndicator}, and Terminus with it. Where an application configures `TerminusModule` itself,
 * it may list the indicator among its own providers instead.
 */
@Module({
  imports: [TerminusModule],
  providers: [RedisHealthIndicator],
  exports: [RedisHealthIndicator, TerminusModule],
})
export class RedisHealthModule {}
