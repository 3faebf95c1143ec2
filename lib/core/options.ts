import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import type { RedisError } from './errors.js';
import type { GuardOptions } from './guard/guard-options.js';
import type { ClusterOptions, SentinelOptions } from './topology-options.js';

/** A user name and password. `username` is `'default'` where only a password is given. */
export interface RedisCredentials {
  username?: string | undefined;
  password?: string | undefined;
}

/** How long to wait before the next attempt to connect. */
export interface ReconnectOptions {
  /** First delay, ms. Default 100. */
  delay?: number | undefined;
  /** Each delay is the last one times this. Default 2. */
  factor?: number | undefined;
  /** No delay is longer, ms. Default 60_000. */
  maxDelay?: number | undefined;
  /** Each delay is spread by up to this share of it, up and down, so that a fleet does not return as one. 0 to 1; default 0.25. */
  jitter?: number | undefined;
  /** Failed attempts in a row after which the client gives up. Default Infinity. */
  maxAttempts?: number | undefined;
}

/** What a retry decision knows of the command. */
export interface RetryCommand {
  /** `GET`, `CONFIG SET`. */
  readonly name: string;
  /** True where sending it twice does no harm. */
  readonly idempotent: boolean;
}

/**
 * A retry rule spelled out. Other than the built-in one it also covers timeouts: an idempotent command that was not
 * answered within `commandTimeout` is sent again, and each attempt has that time anew.
 */
export interface RetryPolicy {
  /** Further attempts after the first. Default 3. */
  attempts?: number | undefined;
  /**
   * Delay before attempt `n` (1, 2, …), ms: a number, or a function. Default 50 · 2^(n-1), at most 1_000. After a lost
   * connection the command goes out when the delay is over and there is a new one.
   */
  backoff?: number | ((attempt: number) => number) | undefined;
  /** Which errors are worth another attempt; asked for idempotent commands only. Default: the retryable ones of the guide. */
  retryOn?: ((error: RedisError, command: RetryCommand) => boolean) | undefined;
}

/**
 * Decides alone: the delay in ms before the next attempt, or false; anything else means false. Called for every command that
 * the server refused, that a connection took with it, or that was not answered within `commandTimeout`, writes too: look at
 * `command.idempotent`. Each attempt has `commandTimeout` anew. Not called for aborts, nor for what was never sent.
 */
export type RetryFunction = (attempt: number, error: RedisError, command: RetryCommand) => number | false;

/** TLS settings as Node's `tls.connect` takes them. The server's certificate is verified unless `rejectUnauthorized: false`. */
export type RedisTlsOptions = Pick<
  TlsConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'pfx'
  | 'rejectUnauthorized'
  | 'servername'
  | 'checkServerIdentity'
  | 'minVersion'
  | 'maxVersion'
  | 'ciphers'
  | 'ALPNProtocols'
>;

/** Options of a {@link RedisClient}. All times are ms, all sizes bytes unless said otherwise. */
export interface RedisClientOptions {
  /**
   * `redis://user:password@host:6379/2`, `rediss://…` for TLS, `redis+unix:///path/to.sock?db=1`. Options given beside it win.
   */
  url?: string | undefined;
  /** Default `'localhost'`. */
  host?: string | undefined;
  /** Default 6379. */
  port?: number | undefined;
  /** A Unix socket, instead of host and port. */
  path?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** Asked anew at every connect, for passwords that rotate. Instead of `username` and `password`. */
  credentials?: (() => RedisCredentials | Promise<RedisCredentials>) | undefined;
  /**
   * The master is found by Sentinels, and followed when they make another server the master. Instead of `host` and `port`;
   * credentials and TLS beside it are those of the servers.
   */
  sentinel?: SentinelOptions | undefined;
  /** The servers are the nodes of a cluster. Credentials and TLS are the same for all of them. */
  cluster?: ClusterOptions | undefined;
  /** Default 0. */
  database?: number | undefined;
  /** Sent by CLIENT SETNAME at each connect. No spaces. */
  clientName?: string | undefined;
  /** `true` for the system's authorities. Default: false, true with `rediss://`. */
  tls?: boolean | RedisTlsOptions | undefined;
  /** `'auto'` asks for RESP3 and takes RESP2 where the server refuses it. Default `'auto'`. */
  protocol?: 'auto' | 2 | 3 | undefined;
  /** From the first packet to ready, handshake included. Default 10_000. */
  connectTimeout?: number | undefined;
  /** From the call to its reply, time in queues included; with a retry rule of your own, of each attempt. Default 5_000; 0 is none. */
  commandTimeout?: number | undefined;
  /** Silence with commands in flight after which the connection counts as dead. Default 30_000; 0 is none. */
  socketTimeout?: number | undefined;
  /** How much longer than its own timeout a blocking command may take. Default 2_000. */
  blockingTimeoutBuffer?: number | undefined;
  /** Default: delays from 100 ms, doubling, to 60 s at most, for ever. `false`: a lost connection stays lost until the next `connect()`. */
  reconnect?: ReconnectOptions | false | undefined;
  /** Commands held while there is no connection; one more fails at once. Default 1_000. */
  queueSize?: number | undefined;
  /** Commands sent and not yet answered on one connection; further ones wait here. Default 16_384. */
  maxInFlight?: number | undefined;
  /** Bytes of commands after which a tick's text is written at once. Default 65_536. */
  writeBufferSize?: number | undefined;
  /** The receive buffer, bytes. Default 65_536. */
  readBufferSize?: number | undefined;
  /** Commands after which a long tick's first part is written, so that the server works while the client still encodes. Default 64. */
  pipelineDepth?: number | undefined;
  /**
   * Connections at the most beside the shared one: each is lent to one blocking command, transaction or `dedicated()` at a time.
   * One more waits, as long as `commandTimeout` allows. Default 100.
   */
  maxDedicated?: number | undefined;
  /**
   * Where subscriptions listen: on a connection of their own, or on the one that the commands share. That saves a connection and
   * asks for RESP3; where the server refuses that, they have their own all the same. A server closes a connection whose reader is
   * too slow for its subscriptions, and then the commands' goes as well. Default `'own'`.
   */
  subscriberConnection?: 'own' | 'shared' | undefined;
  /** `false` writes each command by itself. Default true. */
  autoPipelining?: boolean | undefined;
  /** Put in front of every key of every command. */
  keyPrefix?: string | undefined;
  /**
   * What becomes of dangerous commands, by their methods: `{ keys: 'deny', flushall: 'deny' }`. Default `{ keys: 'warn' }`;
   * what is given is merged into it.
   */
  guard?: GuardOptions | undefined;
  /** First TCP keep-alive probe after this idle time, ms, rounded up to a second; `false` and 0 turn probes off. Default 30_000. */
  keepAlive?: number | false | undefined;
  /** TCP_NODELAY. Default true. */
  noDelay?: boolean | undefined;
  /**
   * Default `'idempotent'`: commands that change nothing are tried again after a lost connection, and all after errors that
   * pass, up to three times and as long as `commandTimeout` allows.
   */
  retry?: 'idempotent' | false | RetryPolicy | RetryFunction | undefined;
}

/** Per-call settings, by `client.with({ … })`. */
export interface CallOptions {
  /** From the call to its reply, ms; 0 is none. */
  timeout?: number | undefined;
  /** Ends the wait: what was not yet sent is never sent, what was sent is answered to nobody. */
  signal?: AbortSignal | undefined;
  retry?: RedisClientOptions['retry'] | undefined;
  /** The caller's word that sending the command twice does no harm. */
  idempotent?: boolean | undefined;
  /** In a cluster, instead of the client's `cluster.crossSlot`. Elsewhere there are no slots, and it says nothing. */
  crossSlot?: 'refuse' | 'split' | undefined;
}
