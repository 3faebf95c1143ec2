import type { Provider } from '@nestjs/common';
import type { RedisModuleOptions } from './interfaces/index.js';
import { RedisPublisher } from './publisher/redis-publisher.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisConnections } from './redis-connections.service.js';
import {
  REDIS_ATTACHMENT,
  REDIS_CONNECTION,
  REDIS_CONNECTION_NAME,
  REDIS_MODULE_OPTIONS,
} from './redis.constants.js';
import { getRedisPoolToken, getRedisPublisherToken, getRedisToken } from './redis.tokens.js';

/**
 * Providers of one named connection. None opens a socket before the application is up: when `compile()` fails half-way,
 * there is no application whose closing could close it.
 */
export function createRedisProviders(name: string): Provider[] {
  return [
    { provide: REDIS_CONNECTION_NAME, useValue: name },
    {
      provide: REDIS_CONNECTION,
      inject: [RedisConnections, REDIS_MODULE_OPTIONS],
      useFactory: (connections: RedisConnections, options: RedisModuleOptions) =>
        connections.register(name, options),
    },
    {
      provide: getRedisToken(name),
      inject: [REDIS_CONNECTION],
      useFactory: (connection: RedisConnection) => connection.client,
    },
    {
      provide: getRedisPoolToken(name),
      inject: [REDIS_CONNECTION, getRedisToken(name)],
      useFactory: (connection: RedisConnection, client: RedisConnection['injectedClient']) =>
        connection.poolBeside(client),
    },
    {
      provide: getRedisPublisherToken(name),
      inject: [REDIS_CONNECTION],
      useFactory: (connection: RedisConnection) => new RedisPublisher(connection),
    },
    {
      provide: REDIS_ATTACHMENT,
      inject: [RedisConnections, REDIS_CONNECTION, getRedisToken(name), getRedisPoolToken(name)],
      useFactory: async (
        connections: RedisConnections,
        connection: RedisConnection,
        client: RedisConnection['injectedClient'],
        pool: RedisConnection['injectedPool'],
      ) => {
        connection.attach(client, pool);
        await connections.openLate(connection);
        return name;
      },
    },
  ];
}
