import type { AllGiven } from './all-given.js';
import { checkedOptions, checkOptionNames, checkTls } from './check-options.js';
import { DEFAULT_GUARD, type GuardOptions } from './guard/guard-options.js';
import type { RedisClientOptions, RedisCredentials, RedisTlsOptions, ReconnectOptions } from './options.js';
import {
  resolveCluster,
  resolveSentinel,
  type ResolvedAddress,
  type ResolvedCluster,
  type ResolvedSentinel,
} from './resolve-topology.js';
import { parseRedisUri } from './uri.js';

/** Options with every default filled in. Secrets sit in functions and hidden properties: `inspect` and JSON show none. */
export interface ResolvedOptions {
  readonly host: string;
  readonly port: number;
  /** The Unix socket, or undefined where host and port count. */
  readonly path: string | undefined;
  /** Where Sentinels tell the master. */
  readonly sentinel: ResolvedSentinel | undefined;
  /** Where the servers are nodes of a cluster. */
  readonly cluster: ResolvedCluster | undefined;
  /** Called for each new connection. */
  readonly credentials: () => RedisCredentials | Promise<RedisCredentials>;
  readonly database: number;
  readonly clientName: string | undefined;
  readonly tls: RedisTlsOptions | undefined;
  readonly protocol: 'auto' | 2 | 3;
  readonly connectTimeout: number;
  readonly commandTimeout: number;
  readonly socketTimeout: number;
  readonly blockingTimeoutBuffer: number;
  readonly reconnect: AllGiven<ReconnectOptions> | false;
  readonly queueSize: number;
  readonly maxInFlight: number;
  readonly writeBufferSize: number;
  readonly readBufferSize: number;
  readonly pipelineDepth: number;
  readonly maxDedicated: number;
  readonly subscriberConnection: 'own' | 'shared';
  readonly autoPipelining: boolean;
  readonly keyPrefix: string;
  readonly guard: GuardOptions;
  readonly keepAlive: number | false;
  readonly noDelay: boolean;
  readonly retry: NonNullable<RedisClientOptions['retry']>;
}

const RECONNECT: AllGiven<ReconnectOptions> = {
  delay: 100,
  factor: 2,
  maxDelay: 60_000,
  jitter: 0.25,
  maxAttempts: Infinity,
};

/**
 * Checks options and fills in defaults.
 *
 * @throws {TypeError} for an unknown option (naming the nearest known one) or a value of the wrong kind. No text is
 *   ever part of the text: it may be a secret.
 */
export function resolveClientOptions(given: RedisClientOptions | string | undefined): ResolvedOptions {
  const input = typeof given === 'string' ? { url: given } : (given ?? {});
  checkOptionNames(input);
  const beside = checkedOptions(input);
  const options =
    beside.url === undefined ? beside : { ...checkedOptions(parseRedisUri(beside.url)), ...beside };
  if (options.path !== undefined && (beside.host !== undefined || beside.port !== undefined)) {
    throw new TypeError(
      "Redis options 'path' and 'host'/'port' exclude each other: a Unix socket has no host. Leave one out.",
    );
  }
  if (
    options.credentials !== undefined &&
    (options.username !== undefined || options.password !== undefined)
  ) {
    throw new TypeError(
      "Redis options 'credentials' and 'username'/'password' exclude each other. Leave one out.",
    );
  }
  if (options.username !== undefined && options.password === undefined) {
    throw new TypeError("Redis option 'username' needs a 'password' beside it.");
  }
  if (options.subscriberConnection === 'shared' && options.protocol === 2) {
    throw new TypeError(
      "Redis options 'subscriberConnection' ('shared') and 'protocol' (2) exclude each other: over RESP2 a connection that listens takes no commands.",
    );
  }
  if (options.clientName !== undefined && !/^[!-~]+$/.test(options.clientName)) {
    throw new TypeError(
      "Redis option 'clientName' may hold printable ASCII without spaces only, as CLIENT SETNAME asks.",
    );
  }
  checkTopology(options, beside);
  const { username, password } = options;
  const resolved = {
    host: options.host ?? 'localhost',
    port: options.port ?? 6379,
    path: options.path,
    sentinel: options.sentinel === undefined ? undefined : resolveSentinel(options.sentinel, checkTls),
    cluster: options.cluster === undefined ? undefined : resolveCluster(options.cluster),
    credentials: options.credentials ?? (() => ({ username, password })),
    database: options.database ?? 0,
    clientName: options.clientName,
    protocol: options.protocol ?? 'auto',
    connectTimeout: options.connectTimeout ?? 10_000,
    commandTimeout: options.commandTimeout ?? 5_000,
    socketTimeout: options.socketTimeout ?? 30_000,
    blockingTimeoutBuffer: options.blockingTimeoutBuffer ?? 2_000,
    reconnect:
      options.reconnect === false
        ? (false as const)
        : { ...RECONNECT, ...definedOf(options.reconnect ?? {}) },
    queueSize: options.queueSize ?? 1_000,
    maxInFlight: options.maxInFlight ?? 16_384,
    writeBufferSize: options.writeBufferSize ?? 65_536,
    readBufferSize: options.readBufferSize ?? 65_536,
    pipelineDepth: options.pipelineDepth ?? 64,
    maxDedicated: options.maxDedicated ?? 100,
    subscriberConnection: options.subscriberConnection ?? 'own',
    autoPipelining: options.autoPipelining ?? true,
    keyPrefix: options.keyPrefix ?? '',
    guard: { ...DEFAULT_GUARD, ...definedOf(options.guard ?? {}) },
    keepAlive: options.keepAlive ?? 30_000,
    noDelay: options.noDelay ?? true,
    retry: options.retry ?? 'idempotent',
  };
  // holds private keys: neither inspect, hidden properties included, nor a spread shows what is behind a getter
  const tls = options.tls === true ? {} : options.tls === false ? undefined : options.tls;
  Object.defineProperty(resolved, 'tls', { get: () => tls });
  return Object.freeze(resolved) as ResolvedOptions;
}

/** The same settings for one server of several. */
export function optionsAt(options: ResolvedOptions, { host, port }: ResolvedAddress): ResolvedOptions {
  const { tls } = options;
  const at = { ...options, host, port, path: undefined };
  Object.defineProperty(at, 'tls', { get: () => tls });
  return Object.freeze(at) as ResolvedOptions;
}

/** @throws {TypeError} for addresses that exclude each other. */
function checkTopology(options: RedisClientOptions, beside: RedisClientOptions): void {
  const { sentinel, cluster } = options;
  if (sentinel === undefined && cluster === undefined) return;
  if (sentinel !== undefined && cluster !== undefined)
    throw new TypeError("Redis options 'sentinel' and 'cluster' exclude each other. Leave one out.");
  if (options.path !== undefined)
    throw new TypeError(
      "Redis option 'path' excludes 'sentinel' and 'cluster': a Unix socket leads to one server. Leave one out.",
    );
  const hasAddress = beside.url !== undefined || beside.host !== undefined || beside.port !== undefined;
  if (hasAddress && (sentinel !== undefined || cluster?.nodes !== undefined))
    throw new TypeError(
      `Redis options 'url'/'host'/'port' and '${sentinel === undefined ? 'cluster.nodes' : 'sentinel'}' exclude each other: both say where to begin. Leave one out.`,
    );
  if (cluster !== undefined && options.subscriberConnection === 'shared')
    throw new TypeError(
      "Redis options 'subscriberConnection' ('shared') and 'cluster' exclude each other: subscriptions to a cluster have connections of their own.",
    );
}

function definedOf<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}
