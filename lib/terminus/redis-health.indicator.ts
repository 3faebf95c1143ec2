import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { RedisTimeoutError } from '../core/index.js';
import { describeError } from '../describe-error.js';
import type { RedisConnection } from '../redis-connection.js';
import { RedisConnections } from '../redis-connections.service.js';
import { DEFAULT_REDIS_CONNECTION } from '../redis.constants.js';
import type { RedisPingCheckOptions } from './redis-ping-check-options.interface.js';

const DEFAULT_TIMEOUT = 1_000;

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
   * PINGs on the live connection: it is never queued, opens nothing, and settles within `timeout`. Reports the time to
   * the answer (`latency`, ms) and the pool's occupancy.
   *
   * A `lazy` connection that nothing has used yet is not down: whoever waits for health before sending work would wait
   * for ever. It is `degraded` with Terminus 12 and `up` with Terminus 11, and `message` says so. Where message handlers
   * use it and no command has yet, it is `up`, and `message` says that too.
   *
   * @param key Name of the result in the health check's answer.
   * @throws {Error} for a connection that does not exist; {TypeError} for a time that is none.
   */
  async pingCheck<const Key extends string>(
    key: Key,
    options: RedisPingCheckOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const {
      connection: name = DEFAULT_REDIS_CONNECTION,
      timeout = DEFAULT_TIMEOUT,
      degradedAfter = Infinity,
    } = options;
    for (const [option, value] of Object.entries({ timeout, degradedAfter })) {
      if (!(typeof value === 'number' && value > 0))
        throw new TypeError(`pingCheck('${key}'): '${option}' must be a number of milliseconds above 0.`);
    }
    const connection = this.connections.get(name, `pingCheck('${key}')`);
    const client = connection.injectedClient;
    const session = this.service.check(key);
    if (typeof client?.probe !== 'function') {
      return session.down({
        ...describe(connection),
        message: 'what stands in for the client has no probe(), so it cannot be checked',
      });
    }
    if (client.status === 'idle' && connection.options.connect === 'lazy') {
      return client.subscriptions === 0
        ? degrade(session, {
            ...describe(connection),
            message: "not opened yet: nothing has used it (connect: 'lazy')",
          })
        : session.up({
            ...describe(connection),
            message:
              "open for subscriptions alone: there is no connection for commands to check yet (connect: 'lazy')",
          });
    }
    let latency: number;
    try {
      latency = Math.round((await client.probe(timeout)) * 100) / 100;
    } catch (error) {
      return session.down({
        ...describe(connection),
        message:
          // that error's own text is about commands that may have changed something
          error instanceof RedisTimeoutError
            ? `Redis at ${client.address} did not answer PING within ${timeout} ms`
            : describeError(error).message,
      });
    }
    const details = { ...describe(connection), latency };
    return latency > degradedAfter
      ? degrade(session, { ...details, message: `slower than ${degradedAfter} ms` })
      : session.up(details);
  }
}

function describe(connection: RedisConnection): Record<string, unknown> {
  const { injectedClient: client, injectedPool: pool } = connection;
  return {
    connection: connection.name,
    address: client?.address,
    state: client?.status,
    // a test's stand-in may have none
    pool: typeof pool?.stats === 'function' ? pool.stats() : undefined,
  };
}

function degrade<Key extends string>(
  session: ReturnType<HealthIndicatorService['check']> & Partial<DegradableSession<Key>>,
  data: Record<string, unknown>,
): HealthIndicatorResult<Key> {
  return (session.degraded?.(data) ?? session.up(data)) as HealthIndicatorResult<Key>;
}
