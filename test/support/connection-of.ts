import type { RedisClient } from '../../lib/core/index.js';
import type { ReconnectingConnection } from '../../lib/core/connection/reconnecting-connection.js';
import type { ServerEngine } from '../../lib/core/engine/server-engine.js';

/** The connection that the commands of a client to one server share. */
export function connectionOf(client: RedisClient): ReconnectingConnection {
  return (client['engine'] as ServerEngine).connection;
}
