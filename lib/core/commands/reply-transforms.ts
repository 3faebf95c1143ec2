import { type Reply, ReplyError } from '../protocol/reply.js';
import type { CommandArgument } from './arguments.js';
import { parseClientInfo, parseClientList } from './client-info.js';
import { parseClusterNode, parseClusterNodes } from './cluster-nodes.js';
import type { ReplyTransform } from './command-spec.js';
import type {
  AutoClaimed,
  ClusterSlotRange,
  GeoMatch,
  GeoPosition,
  InfoReply,
  LongestCommonMatches,
  PendingEntry,
  PendingSummary,
  StreamEntry,
} from './reply-types.js';

/*
 * From what the wire carries to what the documentation promises, one small function a shape. Over RESP2 a map is a flat
 * list and a double is text; over RESP3 they are themselves; where bytes were asked for, text is a Buffer. A function here
 * takes all of these. `null` is always a possible answer and stays itself, and so does an error inside an aggregate.
 * Inputs are never changed.
 */

/** The server answered in a shape that the command does not have. */
function unexpected(expected: string, reply: Reply | undefined): TypeError {
  const got = Array.isArray(reply)
    ? `an array of ${reply.length}`
    : Buffer.isBuffer(reply)
      ? 'bytes'
      : reply === null
        ? 'null'
        : `a ${typeof reply}`;
  return new TypeError(`Expected ${expected}, got ${got}.`);
}

const isNothing = (reply: Reply | undefined): reply is null | undefined | ReplyError =>
  reply === null || reply === undefined || reply instanceof ReplyError;

function toArray(reply: Reply | undefined): Reply[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected('an array', reply);
}

function toText(reply: Reply | undefined): string {
  if (typeof reply === 'string') return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (typeof reply === 'number' || typeof reply === 'bigint') return String(reply);
  throw unexpected('text', reply);
}

function toDouble(reply: Reply | undefined): number {
  if (typeof reply === 'number') return reply;
  const text = toText(reply);
  switch (text) {
    case 'inf':
    case '+inf':
      return Infinity;
    case '-inf':
      return -Infinity;
    case 'nan':
    case '-nan':
      return NaN;
    default: {
      const value = Number(text);
      if (text === '' || Number.isNaN(value)) throw unexpected('a number', reply);
      return value;
    }
  }
}

/** Calls `visit` for every pair of a map, however it came. */
function eachPair(reply: Reply | undefined, visit: (name: Reply, value: Reply) => void): void {
  if (Array.isArray(reply)) {
    if (reply.length % 2 !== 0) throw unexpected('pairs', reply);
    for (let index = 0; index < reply.length; index += 2) visit(reply[index]!, reply[index + 1]!);
  } else if (reply instanceof Map) {
    for (const [name, value] of reply) visit(name, value);
  } else if (isMap(reply)) {
    for (const name of Object.keys(reply)) visit(name, reply[name]!);
  } else {
    throw unexpected('a map', reply);
  }
}

function isMap(reply: Reply | undefined): reply is Record<string, Reply> {
  return (
    typeof reply === 'object' &&
    reply !== null &&
    !Array.isArray(reply) &&
    !Buffer.isBuffer(reply) &&
    !(reply instanceof ReplyError) &&
    !(reply instanceof Map)
  );
}

function put<Value>(record: Record<string, Value>, name: string, value: Value): void {
  // an ordinary assignment to this name would change the object's prototype
  if (name === '__proto__')
    Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
  else record[name] = value;
}

function toRecord<Value>(
  reply: Reply | undefined,
  valueOf: (value: Reply, name: string) => Value,
): Record<string, Value> {
  const record: Record<string, Value> = {};
  eachPair(reply, (name, value) => {
    const text = toText(name);
    put(record, text, valueOf(value, text));
  });
  return record;
}

/** Pairs that RESP2 sends flat and RESP3 as lists of two. */
function toPairs<Pair>(reply: Reply | undefined, pairOf: (first: Reply, second: Reply) => Pair): Pair[] {
  const items = toArray(reply);
  const pairs: Pair[] = [];
  if (items.length > 0 && Array.isArray(items[0])) {
    for (const item of items) {
      const [first, second] = toArray(item);
      pairs.push(pairOf(first!, second!));
    }
    return pairs;
  }
  eachPair(items, (first, second) => pairs.push(pairOf(first, second)));
  return pairs;
}

/** Is the argument this word, in capitals or not? */
function isWord(arg: CommandArgument, word: string): boolean {
  if (typeof arg === 'number' || typeof arg === 'bigint' || arg.length !== word.length) return false;
  return String(arg).toUpperCase() === word;
}

/** Is `word` among the arguments, from `from` on? */
export function hasWord(args: readonly CommandArgument[], word: string, from: number): boolean {
  for (let index = from; index < args.length; index++) {
    if (isWord(args[index]!, word)) return true;
  }
  return false;
}

// ── one value ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Text that is never the user's own: `OK`, a type's name, an id. Text also where bytes were asked for. */
export function text(reply: Reply): Reply {
  return typeof reply === 'string' || isNothing(reply) ? reply : toText(reply);
}

export function texts(reply: Reply): Reply {
  return isNothing(reply) ? reply : toArray(reply).map(text);
}

export function double(reply: Reply): Reply {
  return typeof reply === 'number' || isNothing(reply) ? reply : toDouble(reply);
}

export function doubles(reply: Reply): Reply {
  return isNothing(reply) ? reply : toArray(reply).map(double);
}

/** 1 or 0 where RESP3 says true or false. */
export function flag(reply: Reply): Reply {
  return typeof reply === 'boolean' ? Number(reply) : reply;
}

export function flags(reply: Reply): Reply {
  return isNothing(reply) ? reply : toArray(reply).map(flag);
}

/** SET answers `OK`, or with GET what the key held before. */
export function set(reply: Reply, args: readonly CommandArgument[]): Reply {
  return typeof reply === 'string' || reply === null || asksForOldValue(args) ? reply : text(reply);
}

/** Is GET among the options of SET? What follows IFEQ is a value, whatever it looks like. */
function asksForOldValue(args: readonly CommandArgument[]): boolean {
  for (let index = 2; index < args.length; index++) {
    if (isWord(args[index]!, 'GET')) return true;
    if (isWord(args[index]!, 'IFEQ')) index++;
  }
  return false;
}

/** TIME. */
export function time(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const [seconds, microseconds] = toArray(reply);
  return [toDouble(seconds), toDouble(microseconds)];
}

/** INFO. */
export function info(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const sections: InfoReply = {};
  let section: Record<string, string> = {};
  for (const line of toText(reply).split('\r\n')) {
    if (line === '') continue;
    if (line.startsWith('#')) {
      section = {};
      put(sections, line.slice(1).trim().toLowerCase(), section);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1);
    // several modules are several lines of one name
    put(section, name, Object.hasOwn(section, name) ? `${section[name]}\n${value}` : value);
  }
  return sections;
}

/** CLIENT INFO. */
export function clientInfo(reply: Reply): unknown {
  return isNothing(reply) ? reply : parseClientInfo(toText(reply));
}

/** CLIENT LIST. */
export function clientList(reply: Reply): unknown {
  return isNothing(reply) ? reply : parseClientList(toText(reply));
}

// ── maps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** HGETALL, CONFIG GET … */
export function record(reply: Reply): unknown {
  return isNothing(reply) || isMap(reply) ? reply : toRecord(reply, (value) => value);
}

export function records(reply: Reply): unknown {
  return isNothing(reply) ? reply : toArray(reply).map(record);
}

/** PUBSUB NUMSUB: counts by name. */
export function counts(reply: Reply): unknown {
  return isNothing(reply) ? reply : toRecord(reply, (value) => toDouble(value));
}

/** A record some of whose values are maps themselves. */
function recordWith(inner: Record<string, ReplyTransform>): ReplyTransform {
  return (reply, args) =>
    isNothing(reply)
      ? reply
      : toRecord<unknown>(reply, (value, name) =>
          Object.hasOwn(inner, name) ? inner[name]!(value, args) : value,
        );
}

function listOf(inner: ReplyTransform): ReplyTransform {
  return (reply, args) => (isNothing(reply) ? reply : toArray(reply).map((item) => inner(item, args)));
}

function recordOf(inner: ReplyTransform): ReplyTransform {
  return (reply, args) => (isNothing(reply) ? reply : toRecord(reply, (value) => inner(value, args)));
}

/** ACL GETUSER. */
export const aclUser = recordWith({ selectors: records });
/** ACL LOG; after `ACL LOG RESET` it is `OK`. */
export const aclLog: ReplyTransform = (reply, args) =>
  Array.isArray(reply)
    ? reply.map((entry) => recordWith({ 'age-seconds': double })(entry, args))
    : text(reply);
/** CLUSTER SHARDS. */
export const clusterShards = listOf(recordWith({ nodes: records }));
/** CLUSTER SLOT-STATS. */
export const slotStats = listOf((reply) => {
  const [slot, stats] = toArray(reply);
  return [slot, record(stats!)];
});
/** FUNCTION LIST. */
export const functionList = listOf(recordWith({ functions: records }));
/** FUNCTION STATS. */
export const functionStats = recordWith({ running_script: record, engines: recordOf(record) });
/** HELLO. */
export const hello = recordWith({ modules: records });
/** LATENCY HISTOGRAM. */
export const latencyHistogram = recordOf(recordWith({ histogram_usec: record }));
/** MEMORY STATS: ratios are doubles, figures of one database a record of their own. */
export const memoryStats = recordOf((value) =>
  Array.isArray(value) || isMap(value) ? record(value) : double(value),
);
/** COMMAND DOCS. */
const documentedArguments: ReplyTransform = (reply, args) =>
  listOf(recordWith({ arguments: documentedArguments }))(reply, args);
export const commandDocs: ReplyTransform = recordOf((reply, args) =>
  recordWith({ arguments: documentedArguments, subcommands: commandDocs })(reply, args),
);
/** COMMAND INFO: lists, with key specifications (the ninth) and subcommands (the tenth) inside. */
export const commandInfo: ReplyTransform = listOf((reply, args) => {
  if (isNothing(reply)) return reply;
  const part = recordWith({ spec: record });
  return toArray(reply).map((item, index) => {
    if (index === 8) return listOf(recordWith({ begin_search: part, find_keys: part }))(item, args);
    return index === 9 ? commandInfo(item, args) : item;
  });
});
/** XINFO STREAM, with and without FULL. */
export const streamInfo = recordWith({
  'first-entry': (reply) => (isNothing(reply) ? reply : streamEntry(reply)),
  'last-entry': (reply) => (isNothing(reply) ? reply : streamEntry(reply)),
  entries: streamEntries,
  groups: (reply, args) =>
    Array.isArray(reply) ? listOf(recordWith({ consumers: records }))(reply, args) : reply,
});

// ── lists ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** SCAN and its kin: the cursor is text, since it may pass 2^53. */
export function scan(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const [cursor, items] = toArray(reply);
  return [toText(cursor), toArray(items)];
}

/** HRANDFIELD: with WITHVALUES fields and values, else what came. */
export function randomFields(reply: Reply, args: readonly CommandArgument[]): unknown {
  return isNothing(reply) || !hasWord(args, 'WITHVALUES', 2)
    ? reply
    : toPairs(reply, (field, value) => ({ field, value }));
}

// ── sorted sets ────────────────────────────────────────────────────────────────────────────────────────────────────

const scoredMember = (member: Reply, score: Reply): { member: Reply; score: number } => ({
  member,
  score: toDouble(score),
});

/** Members with scores: ZPOPMIN. */
export function scoredMembers(reply: Reply): unknown {
  return isNothing(reply) ? reply : toPairs(reply, scoredMember);
}

/** Members, with scores where WITHSCORES is asked for after `skip` arguments. */
function membersAfter(skip: number): ReplyTransform {
  return (reply, args) =>
    isNothing(reply) || !hasWord(args, 'WITHSCORES', skip) ? reply : toPairs(reply, scoredMember);
}

/** ZRANGE key start stop … */
export const rangeMembers = membersAfter(3);
/** ZRANDMEMBER key count … */
export const randomMembers = membersAfter(2);

/** ZUNION numkeys key … : a key may be called WITHSCORES. */
export const combinedMembers: ReplyTransform = (reply, args) =>
  isNothing(reply) || !hasWord(args, 'WITHSCORES', 1 + Number(String(args[0])))
    ? reply
    : toPairs(reply, scoredMember);

/** ZADD: a count; with INCR the new score. */
export function added(reply: Reply): Reply {
  // counts come as numbers over both protocols, and so the score does over RESP3
  return typeof reply === 'number' || isNothing(reply) ? reply : toDouble(reply);
}

/** ZRANK: the rank; with WITHSCORE an object. */
export function rank(reply: Reply): unknown {
  return Array.isArray(reply) ? { rank: toDouble(reply[0]), score: toDouble(reply[1]) } : reply;
}

/** BZPOPMIN, BZPOPMAX. */
export function poppedMember(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const [key, member, score] = toArray(reply);
  return { key, member, score: toDouble(score) };
}

/** ZMPOP, BZMPOP. */
export function poppedMembers(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const [key, members] = toArray(reply);
  return { key, members: toPairs(members, scoredMember) };
}

/** LMPOP, BLMPOP. */
export function poppedElements(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const [key, elements] = toArray(reply);
  return { key, elements: toArray(elements) };
}

// ── geo ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function geoPosition(reply: Reply): GeoPosition | null {
  if (isNothing(reply)) return null;
  const [longitude, latitude] = toArray(reply);
  return { longitude: toDouble(longitude), latitude: toDouble(latitude) };
}

/** GEOPOS. */
export function geoPositions(reply: Reply): unknown {
  return isNothing(reply) ? reply : toArray(reply).map(geoPosition);
}

/** GEOSEARCH, GEORADIUS: names, or with WITHDIST, WITHHASH and WITHCOORD objects. With STORE a count. */
export function geoMatches(reply: Reply): unknown {
  if (!Array.isArray(reply) || !Array.isArray(reply[0])) return reply;
  return reply.map((item) => {
    const [member, ...details] = toArray(item);
    const match: Record<string, unknown> = { member };
    for (const detail of details) {
      if (Array.isArray(detail)) Object.assign(match, geoPosition(detail));
      else if (typeof detail === 'number') match.hash = detail;
      // the one detail that both protocols carry as text
      else match.distance = toDouble(detail);
    }
    return match as unknown as GeoMatch;
  });
}

// ── cluster ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** CLUSTER SLOTS. */
export function clusterSlots(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  return toArray(reply).map((range): ClusterSlotRange => {
    const [start, end, ...nodes] = toArray(range);
    return { start: toDouble(start), end: toDouble(end), nodes: nodes.map(clusterNode) };
  });
}

function clusterNode(reply: Reply): ClusterSlotRange['nodes'][number] {
  const [host, port, id, metadata] = toArray(reply);
  return {
    host: isNothing(host) ? null : toText(host),
    port: toDouble(port),
    id: toText(id),
    metadata: isNothing(metadata) ? {} : toRecord(metadata, toText),
  };
}

/** CLUSTER NODES: lines in one text; CLUSTER REPLICAS: a list of them. */
export function clusterNodes(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  return Array.isArray(reply)
    ? reply.map((line) => parseClusterNode(toText(line)))
    : parseClusterNodes(toText(reply));
}

// ── vector sets ────────────────────────────────────────────────────────────────────────────────────────────────────

/** VEMB: the numbers; with RAW the quantization's name, the bytes, and numbers that scale them. */
export function vector(reply: Reply, args: readonly CommandArgument[]): unknown {
  if (isNothing(reply)) return reply;
  const items = toArray(reply);
  return hasWord(args, 'RAW', 2)
    ? items.map((item, index) => (index < 2 ? item : double(item)))
    : items.map(double);
}

/**
 * Members with scores, from a map whose order the object has lost where names look like integers: best first. Members are
 * text also where bytes were asked for: over RESP3 they are names in a map.
 */
function similarMembers(reply: Reply): unknown {
  const members: { member: Reply; score: number }[] = [];
  eachPair(reply, (member, score) => members.push(scoredMember(toText(member), score)));
  return members.toSorted((a, b) => b.score - a.score);
}

/** VSIM: elements; with WITHSCORES their similarity too. */
export function similar(reply: Reply, args: readonly CommandArgument[]): unknown {
  return isNothing(reply) || !hasWord(args, 'WITHSCORES', 2) ? reply : similarMembers(reply);
}

/** VLINKS: the neighbours on each layer. */
export function links(reply: Reply, args: readonly CommandArgument[]): unknown {
  return isNothing(reply) || !hasWord(args, 'WITHSCORES', 2) ? reply : toArray(reply).map(similarMembers);
}

// ── streams ────────────────────────────────────────────────────────────────────────────────────────────────────────

function streamEntry(reply: Reply): StreamEntry {
  const [id, fields] = toArray(reply);
  // an entry that was delivered and deleted since has an id and no fields
  return {
    id: toText(id),
    fields: isNothing(fields) ? {} : (toRecord(fields, (value) => value) as Record<string, string>),
  };
}

/** XRANGE, XREVRANGE, XCLAIM: entries, or with JUSTID ids. */
export function streamEntries(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  // XCLAIM of servers before 7.0 has null for a deleted entry
  return toArray(reply).flatMap((item): unknown[] | unknown =>
    item === null ? [] : Array.isArray(item) ? streamEntry(item) : text(item),
  );
}

/** XREAD, XREADGROUP. */
export function streams(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const read = (key: Reply, entries: Reply): unknown => ({ key, entries: streamEntries(entries) });
  // RESP2 has a list of pairs, RESP3 a map, which comes as one flat list
  if (Array.isArray(reply) && Array.isArray(reply[0])) return toPairs(reply, read);
  const list: unknown[] = [];
  eachPair(reply, (key, entries) => list.push(read(key, entries)));
  return list;
}

/** XAUTOCLAIM. */
export function autoClaimed(reply: Reply): unknown {
  if (isNothing(reply)) return reply;
  const [cursor, entries, deletedIds] = toArray(reply);
  const claimed: AutoClaimed<unknown> = {
    cursor: toText(cursor),
    entries: streamEntries(entries!) as unknown[],
    deletedIds: isNothing(deletedIds) ? [] : toArray(deletedIds).map(toText),
  };
  return claimed;
}

/** XPENDING: the summary, or with a range its entries. */
export function pending(reply: Reply, args: readonly CommandArgument[]): unknown {
  if (isNothing(reply)) return reply;
  const items = toArray(reply);
  if (args.length > 2) {
    return items.map((item): PendingEntry => {
      const [id, consumer, idle, deliveries] = toArray(item);
      return {
        id: toText(id),
        consumer: toText(consumer),
        idle: toDouble(idle),
        deliveries: toDouble(deliveries),
      };
    });
  }
  const [count, minId, maxId, consumers] = items;
  const summary: PendingSummary = {
    pending: toDouble(count),
    minId: isNothing(minId) ? null : toText(minId),
    maxId: isNothing(maxId) ? null : toText(maxId),
    consumers: isNothing(consumers)
      ? []
      : toPairs(consumers, (name, waiting) => ({ name: toText(name), pending: toDouble(waiting) })),
  };
  return summary;
}

// ── text comparison ────────────────────────────────────────────────────────────────────────────────────────────────

/** LCS: the common text, with LEN its length, with IDX where it is. */
export function commonSubsequence(reply: Reply): unknown {
  if (!Array.isArray(reply) && !isMap(reply)) return reply;
  const { matches, len } = toRecord(reply, (value) => value);
  const range = (part: Reply | undefined): [number, number] => {
    const [start, end] = toArray(part);
    return [toDouble(start), toDouble(end)];
  };
  const found: LongestCommonMatches = {
    matches: toArray(matches).map((match) => {
      const [a, b, length] = toArray(match);
      return { a: range(a), b: range(b), ...(length === undefined ? {} : { length: toDouble(length) }) };
    }),
    length: toDouble(len),
  };
  return found;
}
