import type { Attributes } from '@opentelemetry/api';
import type { CommandInfo } from '../core/index.js';
import type { RedisConnection } from '../redis-connection.js';

/** Which server a connection's messages go through; nothing where a test's stand-in does not say. */
export function serverAttributes({ injectedClient }: Pick<RedisConnection, 'injectedClient'>): Attributes {
  const options = injectedClient?.options;
  return options === undefined ? {} : addressAttributes(options);
}

/** A server by its socket's path, which has no port, or by name and port. */
export function addressAttributes({
  host,
  port,
  path,
}: Pick<CommandInfo, 'host' | 'port' | 'path'>): Attributes {
  if (path !== undefined) return { 'server.address': path };
  return port === undefined ? { 'server.address': host } : { 'server.address': host, 'server.port': port };
}
