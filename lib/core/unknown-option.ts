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
