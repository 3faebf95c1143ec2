import type { Attributes } from '@opentelemetry/api';
import type { CommandInfo, ResolvedOptions } from '../core/index.js';
import type { RedisConnection } from '../redis-connection.js';

/** Which server a connection's messages go through; nothing where that is not always the same, or a test's stand-in does not say. */
export function serverAttributes({ injectedClient }: Pick<RedisConnection, 'injectedClient'>): Attributes {
  const options = injectedClient?.options;
  return options === undefined ? {} : fixedAttributes(options);
}

/** The one server that options lead to; nothing where Sentinels or the nodes of a cluster say which it is. */
export function fixedAttributes(options: ResolvedOptions): Attributes {
  return options.sentinel === undefined && options.cluster === undefined ? addressAttributes(options) : {};
}

/** A server by its socket's path, which has no port, or by name and port; nothing where it is not known which. */
export function addressAttributes({
  host,
  port,
  path,
}: Pick<CommandInfo, 'host' | 'port' | 'path'>): Attributes {
  if (path !== undefined) return { 'server.address': path };
  if (host === undefined) return {};
  return port === undefined ? { 'server.address': host } : { 'server.address': host, 'server.port': port };
}
