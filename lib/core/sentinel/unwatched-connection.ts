import type { ConnectionHooks } from '../connection/connection-hooks.js';
import { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { Destination } from '../connection/route.js';
import type { ConnectionRole } from '../observation/connection-observer.js';
import { ConnectionObservers } from '../observation/connection-observers.js';
import { ConnectionWatch } from '../observation/connection-watch.js';

/** A connection on the client's own account: those who watch its connections hear nothing of it, and it keeps no process alive. */
export function unwatchedConnection(
  destination: Destination,
  role: ConnectionRole,
  hooks: Omit<ConnectionHooks, 'emit'> = {},
): ReconnectingConnection {
  const watch = new ConnectionWatch(new ConnectionObservers(destination.options), role);
  const connection = new ReconnectingConnection(destination, { ...hooks, emit: () => undefined }, watch);
  connection.setRef(false);
  return connection;
}
