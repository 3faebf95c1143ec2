import { isIPv6 } from 'node:net';
import { nearest } from './nearest.js';
import type {
  RedisClientOptions,
  RedisCredentials,
  RedisTlsOptions,
  ReconnectOptions,
  RetryPolicy,
} from './options.js';
import { parseRedisUri } from './uri.js';

/** Options with every default filled in. Secrets sit in functions and hidden properties: `inspect` and JSON show none. */
export interface ResolvedOptions {
  readonly host: string;
  readonly port: number;
  /** The Unix socket, or undefined where host and port count. */
  readonly path: string | undefined;
  readonly credentials: () => RedisCredentials | Promise<RedisCredentials>;
  readonly database: number;
  readonly clientName: string | undefined;
  readonly tls: RedisTlsOptions | undefined;
  readonly protocol: 'auto' | 2 | 3;
  readonly connectTimeout: number;
  readonly commandTimeout: number;
  readonly socketTimeout: number;
  readonly blockingTimeoutBuffer: number;
  readonly reconnect: Readonly<Required<ReconnectOptions>> | false;
  readonly queueSize: number;
  readonly maxInFlight: number;
  readonly writeBufferSize: number;
  readonly readBufferSize: number;
  readonly pipelineDepth: number;
  readonly autoPipelining: boolean;
  readonly keyPrefix: string;
  readonly keepAlive: number | false;
  readonly noDelay: boolean;
  readonly retry: NonNullable<RedisClientOptions['retry']>;
}

const RECONNECT: Required<ReconnectOptions> = {
  delay: 100,
  factor: 2,
  maxDelay: 60_000,
  jitter: 0.25,
  maxAttempts: Infinity,
};

/** What each option must be; the one list of what exists. */
const KNOWN: Record<keyof RedisClientOptions, Check> = {
  url: { type: 'string' },
  host: { type: 'host' },
  port: { type: 'integer', min: 1, max: 65_535 },
  path: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  credentials: { type: 'function' },
  database: { type: 'integer', min: 0, max: 2 ** 31 - 1 },
  clientName: { type: 'string' },
  tls: { type: 'tls' },
  protocol: { type: 'protocol' },
  connectTimeout: { type: 'integer', min: 1 },
  commandTimeout: { type: 'integer', min: 0 },
  socketTimeout: { type: 'integer', min: 0 },
  blockingTimeoutBuffer: { type: 'integer', min: 0 },
  reconnect: { type: 'reconnect' },
  queueSize: { type: 'integer', min: 0 },
  maxInFlight: { type: 'integer', min: 1 },
  writeBufferSize: { type: 'integer', min: 1 },
  readBufferSize: { type: 'integer', min: 64, max: 2 ** 30 },
  pipelineDepth: { type: 'integer', min: 1 },
  autoPipelining: { type: 'boolean' },
  keyPrefix: { type: 'string' },
  keepAlive: { type: 'keepAlive' },
  noDelay: { type: 'boolean' },
  retry: { type: 'retry' },
};

interface Check {
  type:
    | 'string'
    | 'host'
    | 'integer'
    | 'boolean'
    | 'function'
    | 'tls'
    | 'protocol'
    | 'reconnect'
    | 'keepAlive'
    | 'retry';
  min?: number;
  max?: number;
}

/** Names of the options of a client, for layers that take further ones beside them. */
export const CLIENT_OPTION_NAMES: readonly string[] = Object.keys(KNOWN);

/**
 * Checks options and fills in defaults.
 *
 * @throws {TypeError} for an unknown option (naming the nearest known one) or a value of the wrong kind. No value is
 *   ever part of the text: it may be a secret.
 */
export function resolveClientOptions(given: RedisClientOptions | string | undefined): ResolvedOptions {
  const input = typeof given === 'string' ? { url: given } : (given ?? {});
  if (typeof input !== 'object' || Array.isArray(input)) {
    throw new TypeError(`Redis options must be an object or a URI, not ${describe(input)}.`);
  }
  for (const name of Object.keys(input))
    if (!Object.hasOwn(KNOWN, name)) throw unknownOption(name, CLIENT_OPTION_NAMES);
  const beside = checked(input);
  const options = input.url === undefined ? beside : { ...checked(parseRedisUri(input.url)), ...beside };
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
  if (options.clientName !== undefined && !/^[!-~]+$/.test(options.clientName)) {
    throw new TypeError(
      "Redis option 'clientName' may hold printable ASCII without spaces only, as CLIENT SETNAME asks.",
    );
  }
  const { username, password } = options;
  const resolved = {
    host: options.host ?? 'localhost',
    port: options.port ?? 6379,
    path: options.path,
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
    autoPipelining: options.autoPipelining ?? true,
    keyPrefix: options.keyPrefix ?? '',
    keepAlive: options.keepAlive ?? 30_000,
    noDelay: options.noDelay ?? true,
    retry: options.retry ?? 'idempotent',
  };
  // holds private keys: not enumerable, so that neither inspect nor a spread shows it
  Object.defineProperty(resolved, 'tls', {
    value: options.tls === true ? {} : options.tls === false ? undefined : options.tls,
  });
  return Object.freeze(resolved) as ResolvedOptions;
}

/** The options that were given, inherited ones too: an instance of a class may have accessors for them. */
function checked(given: RedisClientOptions): RedisClientOptions {
  const options: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(KNOWN)) {
    const value = given[name as keyof RedisClientOptions];
    if (value === undefined) continue;
    check(name, value, rule);
    options[name] = value;
  }
  return options;
}

/** What ioredis and node-redis call otherwise. */
const OTHER_NAMES: Record<string, string> = {
  db: "here it is 'database'.",
  connectionName: "here it is 'clientName'.",
  retryStrategy: "here it is 'reconnect'.",
  reconnectOnError: "here it is 'retry'.",
  maxRetriesPerRequest: "here it is 'retry', with 'commandTimeout' as the limit.",
  enableAutoPipelining: "here it is 'autoPipelining', and on.",
  enableOfflineQueue: "here it is 'queueSize'; 0 turns it off.",
  commandsQueueMaxLength: "here it is 'queueSize'.",
  lazyConnect: 'a client connects at its first command or connect() here.',
  enableReadyCheck: "a command that meets a loading server is tried again by 'retry' here.",
  family: "give an address as 'host', or leave the choice to the system.",
  socket: "here 'host', 'port', 'path' and 'tls' stand beside the others.",
  pingInterval: "here it is 'keepAlive'.",
  RESP: "here it is 'protocol'.",
};

/** The error for an option that does not exist. */
export function unknownOption(name: string, known: readonly string[]): TypeError {
  const elsewhere = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
  const guess = nearest(name, known);
  const hint = elsewhere ?? (guess === undefined ? undefined : `did you mean '${guess}'?`);
  return new TypeError(
    `Unknown Redis option '${name}'${hint === undefined ? '.' : `: ${hint}`} Known are: ${known.join(', ')}.`,
  );
}

function check(name: string, value: unknown, { type, min = -Infinity, max = Infinity }: Check): void {
  switch (type) {
    case 'string':
      if (typeof value !== 'string') throw wrong(name, 'a string', value);
      // an empty host or path is nearly always an unset environment variable: connecting to localhost instead would hide it
      if (value === '' && (name === 'host' || name === 'url' || name === 'path'))
        throw wrong(name, 'a string that is not empty', value);
      return;
    case 'host':
      check(name, value, { type: 'string' });
      checkHost(value as string);
      return;
    case 'integer':
      if (value === Infinity && max === Infinity) return;
      if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
        throw wrongNumber(
          name,
          `an integer ${max === Infinity ? `of ${min} or more` : `from ${min} to ${max}`}`,
          value,
        );
      }
      return;
    case 'boolean':
    case 'function':
      if (typeof value !== type) throw wrong(name, `a ${type}`, value);
      return;
    case 'tls':
      if (typeof value !== 'boolean') checkNames(name, 'true, false or TLS settings', value, TLS);
      return;
    case 'protocol':
      if (value !== 'auto' && value !== 2 && value !== 3) throw wrongNumber(name, "'auto', 2 or 3", value);
      return;
    case 'keepAlive':
      if (value !== false) check(name, value, { type: 'integer', min: 0 });
      return;
    case 'reconnect':
      if (value !== false) checkReconnect(value);
      return;
    case 'retry':
      checkRetry(value);
  }
}

/** The one list of the TLS settings that there are. */
const TLS: Record<keyof RedisTlsOptions, true> = {
  ca: true,
  cert: true,
  key: true,
  passphrase: true,
  pfx: true,
  rejectUnauthorized: true,
  servername: true,
  checkServerIdentity: true,
  minVersion: true,
  maxVersion: true,
  ciphers: true,
  ALPNProtocols: true,
};

/** An object of settings, none of which is unknown: Node's `tls.connect` would pass over a mistyped name without a word. */
function checkNames(
  option: string,
  expected: string,
  value: unknown,
  known: object,
): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(option, expected, value);
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(known, name))
      throw unknownOption(
        `${option}.${name}`,
        Object.keys(known).map((other) => `${option}.${other}`),
      );
  }
}

/** A host is shown wherever a connection is told of: one that holds a whole URI would show its password there. */
function checkHost(host: string): void {
  if (!/[\s/@[\]]/.test(host) && (!host.includes(':') || isIPv6(host))) return;
  throw new TypeError(
    "Redis option 'host' must be the host's name or address alone (its text is left out: it may hold a password). Give a URI as 'url', a port as 'port', an IPv6 address without brackets.",
  );
}

const RETRY_POLICY: Record<keyof RetryPolicy, true> = { attempts: true, backoff: true, retryOn: true };

/** @throws {TypeError} for a retry rule that is none. */
export function checkRetry(value: unknown): void {
  if (value === 'idempotent' || value === false || typeof value === 'function') return;
  checkNames('retry', "'idempotent', false, a policy or a function", value, RETRY_POLICY);
  const { attempts, backoff, retryOn } = value;
  if (attempts !== undefined) check('retry.attempts', attempts, { type: 'integer', min: 0 });
  if (
    backoff !== undefined &&
    typeof backoff !== 'function' &&
    !(typeof backoff === 'number' && backoff >= 0)
  ) {
    throw wrongNumber('retry.backoff', 'a number of ms or a function', backoff);
  }
  if (retryOn !== undefined && typeof retryOn !== 'function')
    throw wrong('retry.retryOn', 'a function', retryOn);
}

function checkReconnect(value: unknown): void {
  checkNames('reconnect', 'false or an object', value, RECONNECT);
  for (const [key, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const most = key === 'jitter' ? 1 : Infinity;
    const least = key === 'factor' ? 1 : 0;
    if (typeof part !== 'number' || !(part >= least && part <= most)) {
      throw wrongNumber(
        `reconnect.${key}`,
        most === 1 ? 'a number from 0 to 1' : `a number of ${least} or more`,
        part,
      );
    }
  }
}

function wrong(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`Redis option '${name}' must be ${expected}, not ${describe(value)}.`);
}

/** The same where a number belongs: one that was given is no secret, and is shown. A password of digits may be a number, too. */
function wrongNumber(name: string, expected: string, value: unknown): TypeError {
  const shown = typeof value === 'number' ? value : describe(value);
  return new TypeError(`Redis option '${name}' must be ${expected}, not ${shown}.`);
}

/** Kind of a value, never the value: it may be a secret. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'an array';
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}

function definedOf<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}
