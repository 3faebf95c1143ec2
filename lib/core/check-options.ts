import { checkGuard } from './guard/guard-options.js';
import type { RedisClientOptions, RedisTlsOptions, ReconnectOptions, RetryPolicy } from './options.js';
import { unknownOption } from './unknown-option.js';

/** What each option must be; the one list of what exists. */
const KNOWN: Record<keyof RedisClientOptions, Check> = {
  url: { type: 'string' },
  host: { type: 'host' },
  port: { type: 'integer', min: 1, max: 65_535 },
  path: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  credentials: { type: 'function' },
  sentinel: { type: 'topology' },
  cluster: { type: 'topology' },
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
  maxDedicated: { type: 'integer', min: 1 },
  subscriberConnection: { type: 'subscriberConnection' },
  autoPipelining: { type: 'boolean' },
  keyPrefix: { type: 'string' },
  guard: { type: 'guard' },
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
    | 'subscriberConnection'
    | 'reconnect'
    | 'topology'
    | 'guard'
    | 'keepAlive'
    | 'retry';
  min?: number;
  max?: number;
}

/** Names of the options of a client, for layers that take further ones beside them. */
export const CLIENT_OPTION_NAMES: readonly string[] = Object.keys(KNOWN);

/**
 * Settings by their names, whatever these are.
 *
 * @throws {TypeError} for anything else.
 */
export function checkIsOptions(given: unknown): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`Redis options must be an object or a URI, not ${describe(given)}.`);
}

/**
 * An object whose own names are all options of a client.
 *
 * @throws {TypeError} for anything else, naming the nearest option.
 */
export function checkOptionNames(given: unknown): asserts given is RedisClientOptions {
  checkIsOptions(given);
  for (const name of Object.keys(given))
    if (!Object.hasOwn(KNOWN, name)) throw unknownOption(name, CLIENT_OPTION_NAMES);
}

/**
 * The options that were given, inherited ones too: an instance of a class may have accessors for them.
 *
 * @throws {TypeError} for a value of the wrong kind.
 */
export function checkedOptions(given: RedisClientOptions): RedisClientOptions {
  const options: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(KNOWN)) {
    const value = given[name as keyof RedisClientOptions];
    if (value === undefined) continue;
    check(name, value, rule);
    options[name] = value;
  }
  return options;
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
    case 'subscriberConnection':
      if (value !== 'own' && value !== 'shared') throw wrong(name, "'own' or 'shared'", value);
      return;
    case 'keepAlive':
      if (value !== false) check(name, value, { type: 'integer', min: 0 });
      return;
    case 'reconnect':
      if (value !== false) checkReconnect(value);
      return;
    case 'topology':
      // what is in it is looked at where it is resolved
      return;
    case 'guard':
      checkGuard(value);
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

/** @throws {TypeError} for TLS settings that are none. */
export function checkTls(name: string, value: unknown): void {
  check(name, value, { type: 'tls' });
}

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
  // by Node's module only where it is needed: a third of the time that importing this package takes
  const isAddress = (): boolean => process.getBuiltinModule('node:net').isIPv6(host);
  if (!/[\s/@[\]]/.test(host) && (!host.includes(':') || isAddress())) return;
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

/** What each of the settings of `reconnect` may be. */
const RECONNECT: Record<keyof ReconnectOptions, { min: number; max: number }> = {
  delay: { min: 0, max: Infinity },
  factor: { min: 1, max: Infinity },
  maxDelay: { min: 0, max: Infinity },
  jitter: { min: 0, max: 1 },
  maxAttempts: { min: 0, max: Infinity },
};

function checkReconnect(value: unknown): void {
  checkNames('reconnect', 'false or an object', value, RECONNECT);
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const { min, max } = RECONNECT[name as keyof ReconnectOptions];
    if (typeof part !== 'number' || !(part >= min && part <= max)) {
      const range = max === Infinity ? `of ${min} or more` : `from ${min} to ${max}`;
      throw wrongNumber(`reconnect.${name}`, `a number ${range}`, part);
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
