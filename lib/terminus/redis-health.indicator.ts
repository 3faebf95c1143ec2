import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { RedisConnection } from '../redis-connection.js';
import { RedisConnections } from '../redis-connections.service.js';
import { checkConnectionName } from '../redis-options.js';
import { DEFAULT_REDIS_CONNECTION } from '../redis.constants.js';
import { checkConnection } from './check-connection.js';
import { worst, type HealthStatus } from './connection-health.js';
import type { RedisPingAllOptions, RedisPingCheckOptions } from './redis-ping-check-options.interface.js';
import { resolveHealthOptions } from './resolve-health-options.js';

/** A session of Terminus 12, which has a third state. */
interface DegradableSession<Key extends string> {
  degraded(data: Record<string, unknown>): HealthIndicatorResult<Key>;
}

/**
 * Health of Redis connections for Terminus.
 *
 * ```ts
 * @HealthCheck()
 * @Get('health')
 * check() {
 *   return this.health.check([() => this.redis.pingCheck('redis', { degradedAfter: 100 })]);
 * }
 * ```
 */
@Injectable()
export class RedisHealthIndicator {
  constructor(
    private readonly connections: RedisConnections,
    private readonly service: HealthIndicatorService,
  ) {}

  /**
   * PINGs on the live connection: it is never queued or sent again, opens nothing, and settles within `timeout`. Reports the
   * time to the answer (`latency`, ms), how much of the pool is lent, and how subscriptions stand.
   *
   * A `lazy` connection that nothing has used yet, or whose last attempt failed and for which nobody waits, is not down: whoever
   * waits for health before sending work would wait for ever. It is `degraded` with Terminus 12 and `up` with Terminus 11, and `message` says so. Where message handlers
   * use it and no command has yet, their connection alone decides, and `message` says that too.
   *
   * @param key Name of the result in the health check's answer.
   * @throws {Error} for a connection that does not exist; {TypeError} for options that are none. Whatever is wrong with Redis
   *   is a result.
   */
  async pingCheck<const Key extends string>(
    key: Key,
    options: RedisPingCheckOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const check = `pingCheck('${key}')`;
    const limits = resolveHealthOptions(check, options, 'connection');
    const connection = this.connection(check, options.connection);
    const { status, ...details } = await checkConnection(connection, limits);
    return this.result(key, status, details);
  }

  /**
   * {@link pingCheck} of all connections, or some, at the same time: all of it settles within one `timeout`. Each is told of
   * under its name, and the worst of them is the result.
   *
   * @throws as `pingCheck()`.
   */
  async pingAll<const Key extends string>(
    key: Key,
    options: RedisPingAllOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const check = `pingAll('${key}')`;
    const limits = resolveHealthOptions(check, options, 'connections');
    const checked = await Promise.all(
      this.named(check, options.connections).map((connection) => checkConnection(connection, limits)),
    );
    const status = worst(checked.map((health) => health.status));
    const troubled = checked.filter((health) => health.status !== 'up');
    const connections = Object.fromEntries(
      checked.map(({ connection, ...health }) => [
        connection,
        { ...health, status: this.known(health.status) },
      ]),
    );
    return this.result(key, status, {
      connections,
      ...(troubled.length > 0 && {
        message: troubled.map((health) => `"${health.connection}" is ${health.status}`).join(', '),
      }),
    });
  }

  private named(check: string, names: unknown): readonly RedisConnection[] {
    const wanted = names === undefined ? [...this.connections].map(({ name }) => name) : names;
    if (!Array.isArray(wanted) || (names !== undefined && wanted.length === 0))
      throw new TypeError(`${check}: 'connections' must be a list of names. Leave it out for all of them.`);
    if (wanted.length === 0) throw new Error(`${check}: no Redis connection is registered.`);
    return [...new Set(wanted as unknown[])].map((name) => this.connection(check, name));
  }

  private connection(check: string, name: unknown = DEFAULT_REDIS_CONNECTION): RedisConnection {
    checkConnectionName(check, name);
    return this.connections.get(name as string, check);
  }

  private result<Key extends string>(
    key: Key,
    status: HealthStatus,
    details: Record<string, unknown>,
  ): HealthIndicatorResult<Key> {
    const session = this.service.check(key) as ReturnType<HealthIndicatorService['check']> &
      Partial<DegradableSession<Key>>;
    if (status === 'down') return session.down(details) as HealthIndicatorResult<Key>;
    if (status === 'up') return session.up(details) as HealthIndicatorResult<Key>;
    return (session.degraded?.(details) ?? session.up(details)) as HealthIndicatorResult<Key>;
  }

  /** What this Terminus calls it. */
  private known(status: HealthStatus): HealthStatus {
    return status === 'degraded' && !('degraded' in this.service.check('any')) ? 'up' : status;
  }
}
