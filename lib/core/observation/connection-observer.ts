import type { DisconnectReason, RedisError } from '../errors.js';

/**
 * What a connection is for: `shared` by all callers of a client; `pooled`, lent to one caller at a time, by a `RedisPool` or by
 * a client (transactions, blocking commands, `dedicated()`); of a `subscriber`; of a `monitor`.
 */
export type ConnectionRole = 'shared' | 'pooled' | 'subscriber' | 'monitor';

/** Which connection it is about, as far as that tells one kind from another. */
export interface ConnectionInfo {
  readonly role: ConnectionRole;
  /** Of the server that the connection goes to; where that is not known yet, of the first Sentinel or node that was configured. */
  readonly host: string;
  readonly port: number | undefined;
  /** The Unix socket, where one is used. */
  readonly path: string | undefined;
  readonly database: number;
}

/** How an attempt to connect went. */
export interface ConnectionAttemptOutcome {
  /** From the first step to the end of the handshake, or to the failure, ms. */
  readonly duration: number;
  /** A connection stood before, and this was to take its place. */
  readonly isReconnect: boolean;
}

/** Why a connection ended. */
export interface ConnectionEnd {
  /** `closed` where this side wanted it. */
  readonly reason: DisconnectReason;
  readonly error: RedisError;
}

/**
 * Learns what befalls the connections of a client or a pool, those of its subscriptions, monitors and lent clients among them.
 * Every hook may be left out. They are called synchronously; what they throw, or reject with, is swallowed. Each `connecting` is followed by
 * one `opened` or `failed`, and each `opened` by one `closed`.
 */
export interface ConnectionObserver {
  /** An attempt to connect begins. */
  connecting?(connection: ConnectionInfo, isReconnect: boolean): void;
  /** The connection is ready: its handshake is done. */
  opened?(connection: ConnectionInfo, outcome: ConnectionAttemptOutcome): void;
  /** The attempt came to nothing; `CLOSED` where the client was closed first. */
  failed?(connection: ConnectionInfo, error: RedisError, outcome: ConnectionAttemptOutcome): void;
  /** A connection that was ready has ended. */
  closed?(connection: ConnectionInfo, end: ConnectionEnd): void;
  /** A caller was lent a connection, after `wait` ms: 0 where one was free. */
  lent?(connection: ConnectionInfo, wait: number): void;
  /** A caller got none within its time, of `wait` ms. */
  lendingTimedOut?(connection: ConnectionInfo, wait: number): void;
  /** A caller gave a connection back, after `use` ms. */
  returned?(connection: ConnectionInfo, use: number): void;
}

/** Connections that are lent, at this moment. `active + idle` may be less than `total`: some are being opened or looked at. */
export interface RedisPoolStats {
  /** Lent. */
  readonly active: number;
  /** Open and free. */
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
  /** Lent, free, and being opened. */
  readonly total: number;
  /** Kept, also when idle. */
  readonly min: number;
  /** At the most. */
  readonly max: number;
}

/** The connections of a client or a pool, at this moment. */
export interface ConnectionStats {
  /** Those that are ready, by what they are for. */
  readonly open: Readonly<Record<ConnectionRole, number>>;
  /** Of a pool its connections; of a client those beside the shared one. */
  readonly lending: RedisPoolStats;
}
