import type { Reply } from '../protocol/reply.js';

/** A member of a sorted set with its score. */
export interface ScoredMember<T extends string | Buffer = string> {
  member: T;
  score: number;
}

/** What BZPOPMIN and BZPOPMAX took, and from where. */
export interface PoppedScoredMember<T extends string | Buffer = string> extends ScoredMember<T> {
  key: T;
}

/** What ZMPOP and BZMPOP took, and from where. */
export interface PoppedScoredMembers<T extends string | Buffer = string> {
  key: T;
  members: ScoredMember<T>[];
}

/** What LMPOP and BLMPOP took, and from where. */
export interface PoppedElements<T extends string | Buffer = string> {
  key: T;
  elements: T[];
}

/** A place in a sorted set, by `ZRANK key member WITHSCORE`. */
export interface RankAndScore {
  rank: number;
  score: number;
}

/** A hash field with its value. */
export interface FieldValue<T extends string | Buffer = string> {
  field: T;
  value: T;
}

/** One entry of a stream. */
export interface StreamEntry<T extends string | Buffer = string> {
  id: string;
  /** A field given twice in one entry keeps its last value. Empty where the entry was deleted meanwhile. */
  fields: Record<string, T>;
}

/** Entries read from one of the streams that were asked for. */
export interface StreamEntries<T extends string | Buffer = string> {
  key: T;
  entries: StreamEntry<T>[];
}

/** The answer of XAUTOCLAIM. */
export interface AutoClaimed<Item> {
  /** Where to go on; `'0-0'` once the list was seen whole. */
  cursor: string;
  entries: Item[];
  /** Entries that were pending and no longer exist. */
  deletedIds: string[];
}

/** `XPENDING key group`. */
export interface PendingSummary {
  pending: number;
  minId: string | null;
  maxId: string | null;
  consumers: { name: string; pending: number }[];
}

/** An element of `XPENDING key group start end count`. */
export interface PendingEntry {
  id: string;
  consumer: string;
  /** ms since it was last delivered. */
  idle: number;
  deliveries: number;
}

/** `LCS a b IDX`. */
export interface LongestCommonMatches {
  matches: { a: [start: number, end: number]; b: [start: number, end: number]; length?: number }[];
  length: number;
}

/** One finding of GEOSEARCH and its kin with WITHCOORD, WITHDIST or WITHHASH: what was asked for is there. */
export interface GeoMatch<T extends string | Buffer = string> {
  member: T;
  distance?: number;
  hash?: number;
  longitude?: number;
  latitude?: number;
}

/** A place on earth. */
export interface GeoPosition {
  longitude: number;
  latitude: number;
}

/** INFO by section and name: `info.server.redis_version`. Section names in lower case. */
export type InfoReply = Record<string, Record<string, string>>;

/**
 * A connection as the server sees it, by CLIENT LIST and CLIENT INFO, with the server's own names. What is not listed here
 * is newer than this version, and text.
 */
export interface ClientInfo {
  id: number;
  /** `127.0.0.1:50204`, or the path of a Unix socket with `:0`. */
  addr: string;
  /** The server's end. */
  laddr: string;
  /** The socket's number in the server's process. */
  fd: number;
  /** By CLIENT SETNAME; empty where there is none. */
  name: string;
  /** s since it connected. */
  age: number;
  /** s since its last command. */
  idle: number;
  /** A letter each: `N` none, `b` blocked, `P` subscriber, `S` replica, `x` in MULTI … */
  flags: string;
  db: number;
  /** Channels it listens to. */
  sub: number;
  /** Patterns. */
  psub: number;
  /** Sharded channels. */
  ssub: number;
  /** Commands queued by MULTI; -1 outside of it. */
  multi: number;
  /** Keys watched. Since Redis 7.4. */
  watch?: number;
  /** Bytes of commands not yet carried out. */
  qbuf: number;
  'qbuf-free': number;
  'argv-mem': number;
  'multi-mem': number;
  /** The reply buffer, bytes now and at its peak. */
  rbs: number;
  rbp: number;
  /** Bytes of replies in the fixed buffer, replies in the list after it, and the bytes of that. */
  obl: number;
  oll: number;
  omem: number;
  /** All the bytes that the connection takes. */
  'tot-mem': number;
  /** `r`: readable, `w`: writable. */
  events: string;
  /** The last command: `get`, `client|list`. */
  cmd: string;
  user: string;
  /** Where its tracking messages go; -1 nowhere. */
  redir: number;
  /** The protocol: 2 or 3. */
  resp: number;
  /** By CLIENT SETINFO. Since Redis 7.2. */
  'lib-name'?: string;
  'lib-ver'?: string;
  /** By CLIENT CAPA. Valkey. */
  capa?: string;
  'io-thread'?: number;
  /** Bytes received and sent, and commands. Since Valkey 8.1. */
  'tot-net-in'?: number;
  'tot-net-out'?: number;
  'tot-cmds'?: number;
  [field: string]: string | number | undefined;
}

/** A node as another one sees it, by CLUSTER NODES and CLUSTER REPLICAS. */
export interface ClusterNode {
  id: string;
  /** Its address; empty where it is not known, also to the node itself before it met another. */
  host: string;
  port: number;
  /** Of the connections between nodes. */
  busPort: number;
  hostname: string | null;
  /** Further names, as of `shard-id`; most servers keep them to themselves. */
  metadata: Record<string, string>;
  /** `myself`, `master`, `slave`, `fail?` (suspected), `fail`, `handshake`, `noaddr`, `nofailover`. */
  flags: string[];
  /** Whose replica it is; null of a master. */
  masterId: string | null;
  /** When a PING that is not answered yet was sent, Unix ms; 0 where there is none. */
  pingSent: number;
  /** When the last PONG came, Unix ms. */
  pongReceived: number;
  epoch: number;
  linkState: 'connected' | 'disconnected';
  /** What it serves, both ends included. */
  slots: { start: number; end: number }[];
  /** Slots on their way from it, and to it; only the node itself tells. */
  migrating: { slot: number; to: string }[];
  importing: { slot: number; from: string }[];
}

/** A range of slots with the nodes that serve it, by `CLUSTER SLOTS`. */
export interface ClusterSlotRange {
  start: number;
  /** The last one, included. */
  end: number;
  /** The master first. */
  nodes: {
    /** Null or empty: the address that was asked. */
    host: string | null;
    port: number;
    id: string;
    /** Its other names and addresses: `hostname`, `ip`. */
    metadata: Record<string, string>;
  }[];
}

/** A record whose values differ in type. */
export type MixedRecord = Record<string, Reply>;

/**
 * `Then` where one of the arguments is the word, `Else` otherwise: the reply's type by the options of a call. A list may
 * hold the word where its type is no narrower than `string`: then both are possible.
 */
export type When<Args extends readonly unknown[], Word extends string, Then, Else> =
  'yes' extends WordIn<Args, Word> ? Then : 'maybe' extends WordIn<Args, Word> ? Then | Else : Else;

type WordIn<Args extends readonly unknown[], Word extends string> = {
  [Index in keyof Args]: Args[Index] extends readonly (infer Item)[]
    ? [Extract<Item, string>] extends [never]
      ? 'no'
      : 'maybe'
    : Args[Index] extends Word
      ? 'yes'
      : 'no';
}[number];
