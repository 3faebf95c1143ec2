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
