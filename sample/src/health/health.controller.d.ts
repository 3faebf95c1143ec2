import { type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { RedisHealthIndicator } from 'nestjs-redwire/terminus';
export declare class HealthController {
  private readonly health;
  private readonly redis;
  constructor(health: HealthCheckService, redis: RedisHealthIndicator);
  check(): Promise<HealthCheckResult>;
}
