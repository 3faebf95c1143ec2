import { nearest } from './nearest.js';

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
  sentinels: "here it is 'sentinel: { nodes, masterName }'.",
  name: "here the master's name is 'sentinel.masterName', and that of connections 'clientName'.",
  sentinelUsername: "here it is 'sentinel.username'.",
  sentinelPassword: "here it is 'sentinel.password'.",
  sentinelTLS: "here it is 'sentinel.tls'.",
  enableTLSForSentinelMode: "here it is 'sentinel.tls'.",
  sentinelRootNodes: "here it is 'sentinel.nodes'.",
  sentinelClientOptions: "here what is for the Sentinels stands in 'sentinel'.",
  sentinelRetryStrategy: "here it is 'reconnect'.",
  preferredSlaves: "replicas are read from by 'client.replicas' here.",
  role: "replicas are read from by 'client.replicas' here.",
  rootNodes: "here it is 'cluster.nodes'.",
  startupNodes: "here it is 'cluster.nodes'.",
  defaults: "here the options of the nodes' connections stand beside 'cluster'.",
  redisOptions: "here the options of the nodes' connections stand beside 'cluster'.",
  nodeClientOptions: "here the options of the servers' connections stand beside 'sentinel'.",
  scaleReads: "here it is 'cluster.readFrom'.",
  useReplicas: "here it is 'cluster.readFrom'.",
  natMap: "here it is 'cluster.natMap', or 'sentinel.natMap'.",
  nodeAddressMap: "here it is 'cluster.natMap', or 'sentinel.natMap'.",
  slotsRefreshInterval: "here it is 'cluster.refreshInterval'.",
  slotsRefreshTimeout: "here it is 'connectTimeout'.",
  clusterRetryStrategy: "here it is 'reconnect'.",
  retryDelayOnFailover: "here it is 'retry', with 'commandTimeout' as the limit.",
  minimizeConnections: 'a node is connected to at its first command here.',
};

/** The error for an option that does not exist. */
export function unknownOption(name: string, known: readonly string[]): TypeError {
  // also of those in a group of options, as `cluster.scaleReads`
  const last = name.slice(name.lastIndexOf('.') + 1);
  const elsewhere = Object.hasOwn(OTHER_NAMES, last) ? OTHER_NAMES[last] : undefined;
  const guess = nearest(name, known);
  const hint = elsewhere ?? (guess === undefined ? undefined : `did you mean '${guess}'?`);
  return new TypeError(
    `Unknown Redis option '${name}'${hint === undefined ? '.' : `: ${hint}`} Known are: ${known.join(', ')}.`,
  );
}
