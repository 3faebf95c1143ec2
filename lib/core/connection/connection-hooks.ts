import type { DisconnectReason, RedisError } from '../errors.js';
import type { Reply } from '../protocol/reply.js';
import type { Connection } from './connection.js';

/** Where a connection stands in its life. */
export type ConnectionStatus = 'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closing' | 'closed';

/** What happens to a client's connection, by event. */
export interface ConnectionEvents {
  /** The socket stands, TLS included. */
  connect: [];
  /** The handshake is done: commands go out. */
  ready: [];
  /** A connection that was ready has ended. */
  disconnect: [event: { reason: DisconnectReason; error: RedisError }];
  /** Another attempt follows in `delay` ms. */
  reconnecting: [event: { attempt: number; delay: number }];
  /** An attempt to connect failed. */
  error: [error: RedisError];
}

/** What the owner of a `ReconnectingConnection` hears and supplies. */
export interface ConnectionHooks {
  emit<Event extends keyof ConnectionEvents>(event: Event, ...payload: ConnectionEvents[Event]): void;
  /** State to set up on each fresh connection after the handshake (subscriptions), before it counts as ready. */
  restore?(connection: Connection, protocol: 2 | 3): Promise<void>;
  /** Is there state on the connection (MULTI, WATCH, SELECT) that a fresh one would not have? Then nothing moves on to that. */
  holdsState?(): boolean;
  /** No further attempt will be made by itself. */
  onGivenUp?(error: RedisError): void;
  onPush?(connection: Connection, items: Reply[]): void;
  /** Asked on connections that listen, of every reply: true where it was a message, and answers no command. */
  takeMessage?(connection: Connection, reply: Reply): boolean;
  wantsPushBuffers?(): boolean;
}
