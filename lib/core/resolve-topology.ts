import type { RedisCredentials, RedisTlsOptions } from './options.js';
import type { ClusterOptions, NatMap, NodeAddress, ReadFrom, SentinelOptions } from './topology-options.js';
import { unknownOption } from './unknown-option.js';

/** An address, whole. */
export interface ResolvedAddress {
  readonly host: string;
  readonly port: number;
}

/** {@link SentinelOptions} with every default filled in. Secrets sit in functions and behind getters. */
export interface ResolvedSentinel {
  readonly nodes: readonly ResolvedAddress[];
  readonly masterName: string;
  /** Of the Sentinels themselves. */
  readonly credentials: () => RedisCredentials | Promise<RedisCredentials>;
  readonly tls: RedisTlsOptions | undefined;
  /** The address under which a server can be reached from here. */
  readonly nat: (address: ResolvedAddress) => ResolvedAddress;
  readonly pollInterval: number;
}

/** {@link ClusterOptions} with every default filled in. */
export interface ResolvedCluster {
  /** Empty where none were given: the client's own address is the one to begin with. */
  readonly nodes: readonly ResolvedAddress[];
  readonly readFrom: ReadFrom;
  /** The address under which a node can be reached from here. */
  readonly nat: (address: ResolvedAddress) => ResolvedAddress;
  readonly crossSlot: 'refuse' | 'split';
  readonly refreshInterval: number;
}

const SENTINEL: Record<keyof SentinelOptions, true> = {
  nodes: true,
  masterName: true,
  username: true,
  password: true,
  credentials: true,
  tls: true,
  natMap: true,
  pollInterval: true,
};

const CLUSTER: Record<keyof ClusterOptions, true> = {
  nodes: true,
  readFrom: true,
  natMap: true,
  crossSlot: true,
  refreshInterval: true,
};

const SENTINEL_PORT = 26_379;
const SERVER_PORT = 6_379;

/** @throws {TypeError} for settings that are none. No text is part of it: it may be a secret. */
export function resolveSentinel(
  given: SentinelOptions,
  checkTls: (name: string, value: unknown) => void,
): ResolvedSentinel {
  checkNames('sentinel', given, SENTINEL);
  const { masterName, username, password, credentials, tls, natMap, pollInterval = 10_000 } = given;
  if (typeof masterName !== 'string' || masterName === '')
    throw wrong('sentinel.masterName', "the name by which the Sentinels know the master, as in 'mymaster'");
  for (const [name, value] of Object.entries({ username, password }))
    if (value !== undefined && typeof value !== 'string') throw wrong(`sentinel.${name}`, 'a string');
  if (credentials !== undefined && typeof credentials !== 'function')
    throw wrong('sentinel.credentials', 'a function');
  if (credentials !== undefined && (username !== undefined || password !== undefined))
    throw new TypeError(
      "Redis options 'sentinel.credentials' and 'sentinel.username'/'sentinel.password' exclude each other. Leave one out.",
    );
  if (username !== undefined && password === undefined)
    throw new TypeError("Redis option 'sentinel.username' needs a 'sentinel.password' beside it.");
  if (tls !== undefined && typeof tls !== 'boolean') checkTls('sentinel.tls', tls);
  checkInterval('sentinel.pollInterval', pollInterval);
  const resolved: Omit<ResolvedSentinel, 'tls'> = {
    nodes: addresses('sentinel.nodes', given.nodes, SENTINEL_PORT),
    masterName,
    credentials: credentials ?? (() => ({ username, password })),
    nat: natOf('sentinel.natMap', natMap),
    pollInterval,
  };
  const secured = tls === true ? {} : tls === false ? undefined : tls;
  Object.defineProperty(resolved, 'tls', { get: () => secured });
  return Object.freeze(resolved) as ResolvedSentinel;
}

/** @throws {TypeError} for settings that are none. */
export function resolveCluster(given: ClusterOptions): ResolvedCluster {
  checkNames('cluster', given, CLUSTER);
  const { readFrom = 'master', natMap, crossSlot = 'refuse', refreshInterval = 30_000 } = given;
  if (typeof readFrom !== 'function' && !['master', 'replica', 'preferReplica'].includes(readFrom))
    throw wrong('cluster.readFrom', "'master', 'replica', 'preferReplica' or a function");
  if (crossSlot !== 'refuse' && crossSlot !== 'split')
    throw wrong('cluster.crossSlot', "'refuse' or 'split'");
  checkInterval('cluster.refreshInterval', refreshInterval);
  return Object.freeze({
    nodes: given.nodes === undefined ? [] : addresses('cluster.nodes', given.nodes, SERVER_PORT),
    readFrom,
    nat: natOf('cluster.natMap', natMap),
    crossSlot,
    refreshInterval,
  });
}

function checkNames(option: string, given: unknown, known: object): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong(option, `an object, as in ${option}: { nodes: [{ host, port }] }`);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name))
      throw unknownOption(
        `${option}.${name}`,
        Object.keys(known).map((other) => `${option}.${other}`),
      );
  }
}

function checkInterval(option: string, value: unknown): void {
  if (value !== Infinity && !(Number.isSafeInteger(value) && (value as number) >= 0))
    throw wrong(option, 'an integer of 0 or more (ms)');
}

function addresses(option: string, given: unknown, defaultPort: number): ResolvedAddress[] {
  if (!Array.isArray(given) || given.length === 0)
    throw wrong(option, "a list of at least one address: { host, port } or 'host:port'");
  return given.map((node, index) => addressOf(`${option}[${index}]`, node, defaultPort));
}

function addressOf(option: string, given: unknown, defaultPort: number): ResolvedAddress {
  const { host, port = defaultPort } =
    typeof given === 'string' ? splitAddress(given) : ((given ?? {}) as Partial<NodeAddress>);
  const isHost = typeof host === 'string' && host !== '' && !/[\s/@[\]]/.test(host);
  if (!isHost || !Number.isSafeInteger(port) || port < 1 || port > 65_535)
    throw wrong(
      option,
      "{ host, port } or 'host:port', an IPv6 address in brackets (its text is left out: it may hold a password)",
    );
  return { host, port };
}

function splitAddress(text: string): NodeAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  const port = match?.[3];
  return { host: match?.[1] ?? match?.[2] ?? '', port: port === undefined ? undefined : Number(port) };
}

function natOf(option: string, map: NatMap | undefined): (address: ResolvedAddress) => ResolvedAddress {
  if (map === undefined) return (address) => address;
  if (typeof map !== 'function' && (typeof map !== 'object' || map === null))
    throw wrong(option, "a record of addresses by 'host:port', or a function");
  const look = typeof map === 'function' ? map : lookUpIn(option, map);
  return (address) => {
    const found: unknown = look(address);
    if (found === undefined || found === null) return address;
    return addressOf(`${option}('${address.host}:${address.port}')`, found, SERVER_PORT);
  };
}

function lookUpIn(
  option: string,
  map: Readonly<Record<string, NodeAddress>>,
): (address: ResolvedAddress) => ResolvedAddress | undefined {
  const known = new Map(
    // an IPv6 address may stand in brackets, as everywhere else
    Object.entries(map).map(([from, to]) => [
      from.replace(/^\[(.*)\](?=:\d+$)/, '$1'),
      addressOf(`${option}['${from}']`, to, SERVER_PORT),
    ]),
  );
  return ({ host, port }) => known.get(`${host}:${port}`);
}

function wrong(option: string, expected: string): TypeError {
  return new TypeError(`Redis option '${option}' must be ${expected}.`);
}
