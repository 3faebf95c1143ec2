import type { Attributes } from '@opentelemetry/api';
import type { RedisConnection } from '../redis-connection.js';

/** Which server a connection's messages go through; nothing where a test's stand-in does not say. */
export function serverAttributes({ injectedClient }: Pick<RedisConnection, 'injectedClient'>): Attributes {
  const options = injectedClient?.options;
  if (options === undefined) return {};
  if (options.path !== undefined) return { 'server.address': options.path };
  return { 'server.address': options.host, 'server.port': options.port };
}
