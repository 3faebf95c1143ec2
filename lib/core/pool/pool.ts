import { inspect } from 'node:util';
import { checkMilliseconds } from '../check-milliseconds.js';
import { engineOf, RedisClient, type RedisSession } from '../client.js';
import type {
  ConnectionObserver,
  ConnectionStats,
  RedisPoolStats,
} from '../observation/connection-observer.js';
import type { EngineParts } from '../engine/client-engine.js';
import { createMasterRoute } from '../engine/create-master-route.js';
import { createParts } from '../engine/create-parts.js';
import { SessionEngine } from '../engine/session-engine.js';
import { RedisClientError } from '../errors.js';
import type { CommandObserver } from '../observation/observer.js';
import { resolveClientOptions, type ResolvedOptions } from '../resolve-options.js';
import { ConnectionPool } from './connection-pool.js';
import type { ConnectionRequest } from './connection-requests.js';
import type { DedicatedConnection } from './dedicated-connection.js';
import { splitPoolOptions, type RedisPoolOptions } from './pool-options.js';

/**
 * Connections to lend, one caller each at a time: for work that must not share a connection, or to spread load.
 * Waiters are served in order; broken connections are replaced.
 */
export class RedisPool {
  private readonly parts: EngineParts;
  private readonly connections: ConnectionPool;
  private readonly acquireTimeout: number;

  /**
   * Checks the options; opens nothing.
   *
   * @throws {TypeError} for an unknown option or a value of the wrong kind.
   */
  constructor(options: RedisPoolOptions | string = {}) {
    const { size, connection } = splitPoolOptions(typeof options === 'string' ? { url: options } : options);
    const resolved = resolveClientOptions(connection);
    this.acquireTimeout = size.acquireTimeout;
    this.parts = createParts(resolved, createMasterRoute(resolved));
    const role = {
      maxOption: 'max',
      timeoutOption: 'acquireTimeout',
      isPatient: false,
      keepsProcessWhileLent: false,
    };
    this.connections = new ConnectionPool(this.parts, size, role, this.parts.connectionObservers);
  }

  /** The settings of its connections, defaults filled in. Secrets are not shown by `inspect` or JSON. */
  get options(): ResolvedOptions {
    return this.parts.options;
  }

  /**
   * Opens `min` connections now, and keeps that many from then on. Settles as {@link RedisClient.connect} does; what could be
   * opened stays open, also where another failed.
   */
  async connect(options: { deadline?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('connect()', 'deadline', options.deadline);
    await this.connections.connect(options.deadline);
  }

  /**
   * Lends a connected client, to be given back by {@link release}, or by the end of the block with
   * `await using client = await pool.acquire()`. Waiters are served first come, first served.
   *
   * @throws {RedisTimeoutError} kind `'pool'` after `acquireTimeout`; {RedisConnectionError} where none can be opened;
   *   {RedisAbortError} when the signal fires first.
   */
  async acquire(options: { signal?: AbortSignal | undefined } = {}): Promise<RedisSession> {
    return this.lend(await this.connections.acquire(this.request(options)));
  }

  /**
   * Takes a client back. What it has left on its connection is undone (MULTI, WATCH, subscriptions), or the connection dropped
   * (SELECT, replies to come). The client cannot be used any more.
   *
   * @throws {RedisClientError} `NOT_LENT` for a client that this pool did not lend, or that was given back already.
   */
  release(client: RedisClient): void {
    const engine = engineOf(client);
    const isOurs = engine instanceof SessionEngine && engine.pool === this.connections;
    if (isOurs && engine.end()) return;
    const why = isOurs ? 'was given back already' : 'is not of this pool';
    throw new RedisClientError(
      'NOT_LENT',
      `release(): the client ${why}. Release each acquired client once.`,
    );
  }

  /** Lends a client for the time of `work`, whatever comes of it. */
  async use<Result>(
    work: (client: RedisSession) => Promise<Result> | Result,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Result> {
    const request = this.request(options);
    // a free one is lent without a turn of the microtasks
    const client = this.lend(
      this.connections.acquireNow(request) ?? (await this.connections.acquire(request)),
    );
    try {
      return await work(client);
    } finally {
      // `work` may have given it back itself
      (engineOf(client) as SessionEngine).end();
    }
  }

  /** How many connections are lent, free and waited for. */
  stats(): RedisPoolStats {
    return this.connections.stats();
  }

  /** Shows every command of every connection to an observer. Returns the function that ends it. */
  observe<State>(observer: CommandObserver<State>): () => void {
    return this.parts.observers.add(observer as CommandObserver);
  }

  /** Tells an observer what befalls the connections from now on. Returns the function that ends it. */
  observeConnections(observer: ConnectionObserver): () => void {
    return this.parts.connectionObservers.add(observer);
  }

  /** The connections at this moment, those of lent clients' subscriptions and monitors too. */
  connectionStats(): ConnectionStats {
    return { open: { ...this.parts.connectionObservers.open }, lending: this.connections.stats() };
  }

  /** From now on open connections keep the process alive, as they do to begin with. */
  ref(): void {
    this.connections.setRef(true);
  }

  /** From now on idle connections do not keep the process alive; commands under way still do. */
  unref(): void {
    this.connections.setRef(false);
  }

  /**
   * Waits for lent clients to come back, then closes; after `timeout` ms it closes them as they are. Waiters fail at once.
   *
   * @param options.timeout ms, default 5_000.
   */
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('close()', 'timeout', options.timeout);
    await this.connections.close(options.timeout);
  }

  /** Closes every connection now, the lent ones too. */
  destroy(): void {
    this.connections.destroy();
  }

  /** `await using pool = new RedisPool()`: closes at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** As {@link stats}, for logs. */
  toJSON(): RedisPoolStats {
    return this.stats();
  }

  /** What a log shows of it. */
  [inspect.custom](): string {
    return `RedisPool ${inspect(this.stats())}`;
  }

  private request({ signal }: { signal?: AbortSignal | undefined }): ConnectionRequest {
    return { signal, timeout: this.acquireTimeout, purpose: 'acquire()' };
  }

  private lend(dedicated: DedicatedConnection): RedisSession {
    return new RedisClient(new SessionEngine(this.parts, dedicated, this.connections)) as RedisSession;
  }
}
