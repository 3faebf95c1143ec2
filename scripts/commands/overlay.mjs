/**
 * What no server tells, by command. All of it is this project's own.
 *
 * - `summary`      one line for the method's documentation
 * - `reply`        a shape of reply-kinds.mjs; without one the reply comes as the server sent it
 * - `when`         other shapes under a condition: one of the words in capitals among the arguments, or `given`: anything
 *                  given after the arguments that every call has; the first that fits counts
 * - `flags`        bits that no server reports: IDEMPOTENT, SECRET, STATEFUL, SUBSCRIPTION,
 *                  BYTES, PINNED, PAIRS, ONCE, ALTERING
 * - `notFlags`     bits that a server reports and that do not hold for a client
 * - `keys`         key positions where the servers' specifications are incomplete (counted from the first argument)
 * - `arguments`    the grammar where a server documents none
 * - `grammarFrom`  the server whose grammar stands where servers group their arguments differently
 */

const HELP = { reply: 'plainTexts', flags: ['IDEMPOTENT'] };
const help = (name) => ({ summary: `What ${name} can do, as lines of text.`, ...HELP });
const idempotent = ['IDEMPOTENT'];

/** `field`, `[key]`, `TOKEN value` in short form, for grammars written by hand. */
const key = { name: 'key', type: 'key' };
const string = (name, more) => ({ name, type: 'string', ...more });
const integer = (name, more) => ({ name, type: 'integer', ...more });
const word = (token, more) => ({ name: token.toLowerCase(), type: 'pure-token', token, ...more });
const optional = { optional: true };

const SORT_PATTERNS = [
  {
    begin: { keyword: 'BY', startFrom: 1, skip: { LIMIT: 2, GET: 1, STORE: 1 } },
    find: { lastKey: 0, step: 1, limit: 0 },
    pattern: 'sort',
  },
  {
    begin: { keyword: 'GET', startFrom: 1, skip: { LIMIT: 2, BY: 1, STORE: 1 }, every: true },
    find: { lastKey: 0, step: 1, limit: 0 },
    pattern: 'sort',
  },
];
const FIRST_KEY = { begin: { index: 0 }, find: { lastKey: 0, step: 1, limit: 0 } };

/** What HEXPIRE and its kin answer for each field. */
const FIELD_EXPIRY_CODES =
  'for each 1 (done), 0 (not by its condition), 2 (a time that has passed: deleted) or -2 (no such field).';

const GEO_DETAILS = { 'WITHCOORD WITHDIST WITHHASH': 'geoMatches' };
const GEO_STORE = { 'STORE STOREDIST': 'geoStored' };

export const overlay = {
  // ── ACL ────────────────────────────────────────────────────────────────────────────────────────────────────────
  'ACL CAT': {
    summary: 'The ACL categories, or the commands in one of them.',
    reply: 'plainTexts',
    flags: idempotent,
  },
  'ACL DELUSER': { summary: 'Deletes users; counts those that existed.', reply: 'number' },
  'ACL DRYRUN': {
    summary: 'Says whether a user may run a command, without running it.',
    reply: 'plainText',
    flags: ['IDEMPOTENT', 'SECRET'],
  },
  'ACL GENPASS': { summary: 'A random password from the server.', reply: 'plainText' },
  'ACL GETUSER': { summary: 'The rules of a user, or null.', reply: 'aclUser', flags: idempotent },
  'ACL HELP': help('ACL'),
  'ACL LIST': { summary: 'Every user as a line of an ACL file.', reply: 'plainTexts', flags: idempotent },
  'ACL LOAD': { summary: 'Reads the ACL file again.', reply: 'ok' },
  'ACL LOG': { summary: 'Recent refusals by ACL rules, or empties that log.', reply: 'aclLog' },
  'ACL SAVE': { summary: 'Writes the users to the ACL file.', reply: 'ok' },
  'ACL SETUSER': { summary: 'Creates a user or changes its rules.', reply: 'ok', flags: ['SECRET'] },
  'ACL USERS': { summary: 'The names of all users.', reply: 'plainTexts', flags: idempotent },
  'ACL WHOAMI': { summary: 'The user of this connection.', reply: 'plainText', flags: idempotent },

  // ── strings ────────────────────────────────────────────────────────────────────────────────────────────────────
  APPEND: { summary: 'Appends to a text, creating it; gives the new length.', reply: 'number' },
  DECR: { summary: 'Subtracts one from a number; gives the result (a bigint past 2^53).', reply: 'counter' },
  DECRBY: { summary: 'Subtracts from a number; gives the result (a bigint past 2^53).', reply: 'counter' },
  DELIFEQ: { summary: 'Deletes a key if it holds this very value; 1 when it was deleted.', reply: 'number' },
  GET: { summary: 'The text at a key, or null.', reply: 'textOrNull' },
  GETDEL: { summary: 'The text at a key, which is deleted; null where there is none.', reply: 'textOrNull' },
  GETEX: {
    summary: 'The text at a key, whose expiry is set or removed; null where there is none.',
    reply: 'textOrNull',
  },
  GETRANGE: { summary: 'Part of a text, by byte offsets, both ends included.', reply: 'text' },
  GETSET: { summary: 'Sets a key and gives what it held before, or null.', reply: 'textOrNull' },
  INCR: { summary: 'Adds one to a number; gives the result (a bigint past 2^53).', reply: 'counter' },
  INCRBY: { summary: 'Adds to a number; gives the result (a bigint past 2^53).', reply: 'counter' },
  INCRBYFLOAT: {
    summary: 'Adds to a decimal number; gives the result as text, in full precision.',
    reply: 'text',
  },
  LCS: {
    summary: 'The longest text that two keys have in common.',
    reply: 'commonText',
    when: { LEN: 'commonLength', IDX: 'commonMatches' },
  },
  MGET: { summary: 'The texts at several keys, null where there is none.', reply: 'textsOrNulls' },
  MSET: { summary: 'Sets several keys at once.', reply: 'ok' },
  MSETEX: {
    summary: 'Sets several keys at once, with one expiry and on one condition; 0 when the condition failed.',
    reply: 'number',
  },
  MSETNX: { summary: 'Sets several keys if none of them exists; else none, and 0.', reply: 'number' },
  PSETEX: { summary: 'Sets a key that expires after some milliseconds.', reply: 'ok' },
  SET: {
    summary: 'Sets a key, if asked on a condition or with an expiry; null when the condition failed.',
    reply: 'set',
    when: { GET: 'setGet', 'NX XX IFEQ': 'setConditional' },
  },
  SETEX: { summary: 'Sets a key that expires after some seconds.', reply: 'ok' },
  SETNX: { summary: 'Sets a key if it does not exist; 1 when it was set.', reply: 'number' },
  SETRANGE: {
    summary: 'Overwrites part of a text from a byte offset on; gives the new length.',
    reply: 'number',
  },
  STRLEN: { summary: 'The length of a text in bytes; 0 where there is none.', reply: 'number' },
  SUBSTR: { summary: 'The old name of GETRANGE.', reply: 'text' },

  // ── bitmaps ────────────────────────────────────────────────────────────────────────────────────────────────────
  BITCOUNT: { summary: 'Counts the bits that are set.', reply: 'number', grammarFrom: 'valkey-9.1' },
  BITFIELD: {
    summary:
      'Reads and changes integers of any width inside a text (bigints past 2^53); null for a change that failed on overflow.',
    reply: 'numbersOrNulls',
  },
  BITFIELD_RO: {
    summary: 'Reads integers of any width inside a text (bigints past 2^53).',
    reply: 'numbers',
  },
  BITOP: {
    summary: 'Combines texts bit by bit into a key; gives the length of the result.',
    reply: 'number',
  },
  BITPOS: { summary: 'Where the first 0 or 1 bit is; -1 where there is none.', reply: 'number' },
  GETBIT: { summary: 'The bit at an offset.', reply: 'number' },
  SETBIT: { summary: 'Sets the bit at an offset; gives what it was.', reply: 'number' },

  // ── lists ──────────────────────────────────────────────────────────────────────────────────────────────────────
  BLMOVE: {
    summary: 'LMOVE that waits for an element, for so many seconds (0: for ever); null when none came.',
    reply: 'textOrNull',
  },
  BLMPOP: {
    summary: 'LMPOP that waits for an element, for so many seconds (0: for ever); null when none came.',
    reply: 'poppedElements',
  },
  BLPOP: {
    summary:
      'Takes from the head of the first list that has an element, waiting for so many seconds (0: for ever); null when none came.',
    reply: 'keyAndText',
  },
  BRPOP: {
    summary:
      'Takes from the tail of the first list that has an element, waiting for so many seconds (0: for ever); null when none came.',
    reply: 'keyAndText',
  },
  BRPOPLPUSH: {
    summary: 'RPOPLPUSH that waits for an element, for so many seconds (0: for ever); null when none came.',
    reply: 'textOrNull',
  },
  LINDEX: { summary: 'The element at an index (negative: from the tail), or null.', reply: 'textOrNull' },
  LINSERT: {
    summary:
      'Inserts an element beside another; gives the new length, -1 when the other is not there, 0 when there is no list.',
    reply: 'number',
  },
  LLEN: { summary: 'The length of a list.', reply: 'number' },
  LMOVE: {
    summary: 'Moves an element from one end of a list to one end of another; null when there is none.',
    reply: 'textOrNull',
  },
  LMPOP: {
    summary: 'Takes elements from the first of several lists that has any; null when none has.',
    reply: 'poppedElements',
  },
  LPOP: {
    summary: 'Takes one or several elements from the head of a list; null when there is none.',
    reply: 'textOrNull',
    when: { given: 'textsOrNull' },
  },
  LPOS: {
    summary: 'Where an element is in a list, or null; with COUNT all the places asked for.',
    reply: 'numberOrNull',
    when: { COUNT: 'numbers' },
  },
  LPUSH: { summary: 'Puts elements in front of a list; gives its new length.', reply: 'number' },
  LPUSHX: {
    summary: 'Puts elements in front of a list that exists; gives its new length, 0 when there is none.',
    reply: 'number',
  },
  LRANGE: { summary: 'The elements between two indexes, both included.', reply: 'texts' },
  LREM: { summary: 'Removes elements equal to one; gives how many.', reply: 'number' },
  LSET: { summary: 'Replaces the element at an index.', reply: 'ok' },
  LTRIM: { summary: 'Keeps only the elements between two indexes, both included.', reply: 'ok' },
  RPOP: {
    summary: 'Takes one or several elements from the tail of a list; null when there is none.',
    reply: 'textOrNull',
    when: { given: 'textsOrNull' },
  },
  RPOPLPUSH: {
    summary: 'Moves the last element of a list to the head of another; null when there is none.',
    reply: 'textOrNull',
  },
  RPUSH: { summary: 'Puts elements at the end of a list; gives its new length.', reply: 'number' },
  RPUSHX: {
    summary: 'Puts elements at the end of a list that exists; gives its new length, 0 when there is none.',
    reply: 'number',
  },

  // ── sets ───────────────────────────────────────────────────────────────────────────────────────────────────────
  SADD: { summary: 'Adds members to a set; counts the new ones.', reply: 'number' },
  SCARD: { summary: 'How many members a set has.', reply: 'number' },
  SDIFF: { summary: 'The members of the first set that are in no other.', reply: 'texts' },
  SDIFFSTORE: {
    summary: 'Stores the members of the first set that are in no other; counts them.',
    reply: 'number',
  },
  SINTER: { summary: 'The members that all sets have.', reply: 'texts' },
  SINTERCARD: { summary: 'Counts the members that all sets have.', reply: 'number' },
  SINTERSTORE: { summary: 'Stores the members that all sets have; counts them.', reply: 'number' },
  SISMEMBER: { summary: '1 when the set has this member.', reply: 'number' },
  SMEMBERS: { summary: 'All members of a set.', reply: 'texts' },
  SMISMEMBER: { summary: '1 or 0 for each of several members.', reply: 'numbers' },
  SMOVE: { summary: 'Moves a member to another set; 0 when it was not there.', reply: 'number' },
  SPOP: { summary: 'Takes one or several random members.', reply: 'textOrNull', when: { given: 'texts' } },
  SRANDMEMBER: {
    summary: 'One or several random members, which stay.',
    reply: 'textOrNull',
    when: { given: 'texts' },
  },
  SREM: { summary: 'Removes members; counts those that were there.', reply: 'number' },
  SSCAN: { summary: 'One step through the members of a set; the cursor is 0 at the end.', reply: 'scan' },
  SUNION: { summary: 'The members that any of the sets has.', reply: 'texts' },
  SUNIONSTORE: { summary: 'Stores the members that any of the sets has; counts them.', reply: 'number' },

  // ── hashes ─────────────────────────────────────────────────────────────────────────────────────────────────────
  HDEL: { summary: 'Deletes fields; counts those that were there.', reply: 'number' },
  HEXISTS: { summary: '1 when the hash has this field.', reply: 'number' },
  HEXPIRE: {
    summary: `Lets fields expire after some seconds; ${FIELD_EXPIRY_CODES}`,
    reply: 'numbers',
  },
  HEXPIREAT: {
    summary: `Lets fields expire at a time (Unix seconds); ${FIELD_EXPIRY_CODES}`,
    reply: 'numbers',
  },
  HEXPIRETIME: {
    summary: 'When fields expire (Unix seconds); -1 never, -2 no such field.',
    reply: 'numbers',
  },
  HGET: { summary: 'The value of a field, or null.', reply: 'textOrNull' },
  HGETALL: {
    summary:
      'All fields and values as a record; empty where there is no hash. Field names are text also through `buffers`; `hscan` gives their bytes.',
    reply: 'record',
  },
  HGETDEL: {
    summary: 'The values of fields, which are deleted; null where there is none.',
    reply: 'textsOrNulls',
  },
  HGETEX: {
    summary: 'The values of fields, whose expiry is set or removed; null where there is none.',
    reply: 'textsOrNulls',
  },
  HINCRBY: {
    summary: 'Adds to the number in a field; gives the result (a bigint past 2^53).',
    reply: 'counter',
  },
  HINCRBYFLOAT: {
    summary: 'Adds to the decimal number in a field; gives the result as text.',
    reply: 'text',
  },
  HKEYS: { summary: 'The names of all fields.', reply: 'texts' },
  HLEN: { summary: 'How many fields a hash has.', reply: 'number' },
  HMGET: { summary: 'The values of several fields, null where there is none.', reply: 'textsOrNulls' },
  HMSET: { summary: 'Sets fields; HSET does the same and counts.', reply: 'ok' },
  HPERSIST: {
    summary: 'Removes the expiry of fields; for each 1 (done), -1 (it had none) or -2 (no such field).',
    reply: 'numbers',
  },
  HPEXPIRE: {
    summary: `Lets fields expire after some milliseconds; ${FIELD_EXPIRY_CODES}`,
    reply: 'numbers',
  },
  HPEXPIREAT: {
    summary: `Lets fields expire at a time (Unix milliseconds); ${FIELD_EXPIRY_CODES}`,
    reply: 'numbers',
  },
  HPEXPIRETIME: {
    summary: 'When fields expire (Unix milliseconds); -1 never, -2 no such field.',
    reply: 'numbers',
  },
  HPTTL: { summary: 'Milliseconds until fields expire; -1 never, -2 no such field.', reply: 'numbers' },
  HRANDFIELD: {
    summary: 'One or several random fields; with WITHVALUES their values too.',
    reply: 'randomField',
    when: { WITHVALUES: 'randomFieldValues', given: 'randomFields' },
  },
  HSCAN: {
    summary: 'One step through a hash, fields and values in turn; the cursor is 0 at the end.',
    reply: 'scan',
  },
  HSET: { summary: 'Sets fields; counts the new ones.', reply: 'number' },
  HSETEX: {
    summary: 'Sets fields with an expiry, if asked on a condition; 1 when they were set.',
    reply: 'number',
  },
  HSETNX: { summary: 'Sets a field that does not exist; 1 when it was set.', reply: 'number' },
  HSTRLEN: { summary: 'The length in bytes of the value of a field.', reply: 'number' },
  HTTL: { summary: 'Seconds until fields expire; -1 never, -2 no such field.', reply: 'numbers' },
  HVALS: { summary: 'All values of a hash.', reply: 'texts' },

  // ── sorted sets ────────────────────────────────────────────────────────────────────────────────────────────────
  BZMPOP: {
    summary: 'ZMPOP that waits for a member, for so many seconds (0: for ever); null when none came.',
    reply: 'poppedMembers',
  },
  BZPOPMAX: {
    summary:
      'Takes the highest member of the first sorted set that has any, waiting for so many seconds (0: for ever); null when none came.',
    reply: 'poppedMember',
  },
  BZPOPMIN: {
    summary:
      'Takes the lowest member of the first sorted set that has any, waiting for so many seconds (0: for ever); null when none came.',
    reply: 'poppedMember',
  },
  ZADD: {
    summary:
      'Adds members with scores; counts the new ones. With INCR it adds to a score and gives the result.',
    reply: 'added',
    when: { INCR: 'addedScore' },
  },
  ZCARD: { summary: 'How many members a sorted set has.', reply: 'number' },
  ZCOUNT: { summary: 'Counts the members with scores between two bounds.', reply: 'number' },
  ZDIFF: {
    summary: 'The members of the first sorted set that are in no other.',
    reply: 'combined',
    when: { WITHSCORES: 'combinedWithScores' },
  },
  ZDIFFSTORE: {
    summary: 'Stores the members of the first sorted set that are in no other; counts them.',
    reply: 'number',
  },
  ZINCRBY: { summary: 'Adds to the score of a member; gives the result.', reply: 'double' },
  ZINTER: {
    summary: 'The members that all sorted sets have.',
    reply: 'combined',
    when: { WITHSCORES: 'combinedWithScores' },
  },
  ZINTERCARD: { summary: 'Counts the members that all sorted sets have.', reply: 'number' },
  ZINTERSTORE: { summary: 'Stores the members that all sorted sets have; counts them.', reply: 'number' },
  ZLEXCOUNT: {
    summary: 'Counts the members between two texts, where all scores are equal.',
    reply: 'number',
  },
  ZMPOP: {
    summary:
      'Takes the lowest or highest members of the first of several sorted sets that has any; null where none has.',
    reply: 'poppedMembers',
  },
  ZMSCORE: { summary: 'The scores of several members, null where there is none.', reply: 'doublesOrNulls' },
  ZPOPMAX: { summary: 'Takes the members with the highest scores.', reply: 'scoredMembers' },
  ZPOPMIN: { summary: 'Takes the members with the lowest scores.', reply: 'scoredMembers' },
  ZRANDMEMBER: {
    summary: 'One or several random members; with WITHSCORES their scores too.',
    reply: 'randomMember',
    when: { WITHSCORES: 'randomMembersWithScores', given: 'randomMembers' },
  },
  ZRANGE: {
    summary: 'Members by rank, by score (BYSCORE) or by text (BYLEX).',
    reply: 'members',
    when: { WITHSCORES: 'membersWithScores' },
  },
  ZRANGEBYLEX: { summary: 'Members between two texts, where all scores are equal.', reply: 'texts' },
  ZRANGEBYSCORE: {
    summary: 'Members with scores between two bounds.',
    reply: 'members',
    when: { WITHSCORES: 'membersWithScores' },
  },
  ZRANGESTORE: { summary: 'Stores members by rank, score or text; counts them.', reply: 'number' },
  ZRANK: {
    summary: 'The place of a member from the lowest score on, or null.',
    reply: 'rank',
    when: { WITHSCORE: 'rankAndScore' },
  },
  ZREM: { summary: 'Removes members; counts those that were there.', reply: 'number' },
  ZREMRANGEBYLEX: { summary: 'Removes the members between two texts; counts them.', reply: 'number' },
  ZREMRANGEBYRANK: { summary: 'Removes the members between two ranks; counts them.', reply: 'number' },
  ZREMRANGEBYSCORE: {
    summary: 'Removes the members with scores between two bounds; counts them.',
    reply: 'number',
  },
  ZREVRANGE: {
    summary: 'Members by rank, highest score first.',
    reply: 'members',
    when: { WITHSCORES: 'membersWithScores' },
  },
  ZREVRANGEBYLEX: { summary: 'Members between two texts, last first.', reply: 'texts' },
  ZREVRANGEBYSCORE: {
    summary: 'Members with scores between two bounds, highest first.',
    reply: 'members',
    when: { WITHSCORES: 'membersWithScores' },
  },
  ZREVRANK: {
    summary: 'The place of a member from the highest score on, or null.',
    reply: 'rank',
    when: { WITHSCORE: 'rankAndScore' },
  },
  ZSCAN: {
    summary:
      'One step through a sorted set, members and scores (as text) in turn; the cursor is 0 at the end.',
    reply: 'scan',
  },
  ZSCORE: { summary: 'The score of a member, or null.', reply: 'doubleOrNull' },
  ZUNION: {
    summary: 'The members that any of the sorted sets has.',
    reply: 'combined',
    when: { WITHSCORES: 'combinedWithScores' },
  },
  ZUNIONSTORE: {
    summary: 'Stores the members that any of the sorted sets has; counts them.',
    reply: 'number',
  },

  // ── geo ────────────────────────────────────────────────────────────────────────────────────────────────────────
  GEOADD: { summary: 'Adds members with longitude and latitude; counts the new ones.', reply: 'number' },
  GEODIST: {
    summary:
      'The distance of two members, in metres unless another unit is given; null where one is missing.',
    reply: 'doubleOrNull',
  },
  GEOHASH: {
    summary: 'The geohash texts of members, null where there is none.',
    reply: 'plainTextsOrNulls',
  },
  GEOPOS: { summary: 'Longitude and latitude of members, null where there is none.', reply: 'geoPositions' },
  GEORADIUS: {
    summary: 'Members within a distance of a place.',
    reply: 'geoMembers',
    when: { ...GEO_DETAILS, ...GEO_STORE },
  },
  GEORADIUSBYMEMBER: {
    summary: 'Members within a distance of another member.',
    reply: 'geoMembers',
    when: { ...GEO_DETAILS, ...GEO_STORE },
  },
  GEORADIUSBYMEMBER_RO: {
    summary: 'Members within a distance of another member; stores nothing.',
    reply: 'geoMembers',
    when: GEO_DETAILS,
  },
  GEORADIUS_RO: {
    summary: 'Members within a distance of a place; stores nothing.',
    reply: 'geoMembers',
    when: GEO_DETAILS,
  },
  GEOSEARCH: {
    summary: 'Members inside a circle, a box or (Valkey) a polygon.',
    reply: 'geoMembers',
    when: GEO_DETAILS,
  },
  GEOSEARCHSTORE: {
    summary: 'Stores the members inside a circle, a box or (Valkey) a polygon; counts them.',
    reply: 'number',
  },

  // ── HyperLogLog ────────────────────────────────────────────────────────────────────────────────────────────────
  PFADD: {
    summary: 'Adds to an estimate of distinct elements; 1 when the estimate changed.',
    reply: 'number',
  },
  PFCOUNT: { summary: 'Estimates how many distinct elements were added.', reply: 'number' },
  PFDEBUG: { summary: "Looks inside a HyperLogLog; for the server's own tests.", reply: 'reply' },
  PFMERGE: { summary: 'Merges HyperLogLogs into one, which keeps what it held.', reply: 'ok' },
  PFSELFTEST: { summary: "Runs the server's own test of its HyperLogLogs.", reply: 'ok' },

  // ── streams ────────────────────────────────────────────────────────────────────────────────────────────────────
  XACK: { summary: 'Marks entries of a group as handled; counts them.', reply: 'number' },
  XADD: {
    summary: 'Appends an entry; gives its id, or null where NOMKSTREAM forbade to make the stream.',
    reply: 'plainText',
    when: { NOMKSTREAM: 'plainTextOrNull' },
  },
  XAUTOCLAIM: {
    summary: 'Takes over entries that waited too long with other consumers, page by page.',
    reply: 'autoClaimed',
    when: { JUSTID: 'autoClaimedIds' },
  },
  XCLAIM: {
    summary: 'Takes over entries that waited too long with other consumers.',
    reply: 'streamEntries',
    when: { JUSTID: 'streamIds' },
  },
  XDEL: { summary: 'Deletes entries by id; counts them.', reply: 'number' },
  'XGROUP CREATE': { summary: 'Creates a consumer group.', reply: 'ok' },
  'XGROUP CREATECONSUMER': { summary: 'Creates a consumer in a group; 1 when it is new.', reply: 'number' },
  'XGROUP DELCONSUMER': {
    summary: 'Deletes a consumer; gives how many entries it left unhandled.',
    reply: 'number',
  },
  'XGROUP DESTROY': { summary: 'Deletes a consumer group; 1 when there was one.', reply: 'number' },
  'XGROUP HELP': help('XGROUP'),
  'XGROUP SETID': { summary: 'Sets where a group goes on reading.', reply: 'ok' },
  'XINFO CONSUMERS': { summary: 'The consumers of a group.', reply: 'mixedRecords' },
  'XINFO GROUPS': { summary: 'The groups of a stream.', reply: 'mixedRecords' },
  'XINFO HELP': help('XINFO'),
  'XINFO STREAM': {
    summary: 'Facts about a stream; with FULL its entries and groups too.',
    reply: 'streamInfo',
  },
  XLEN: { summary: 'How many entries a stream has.', reply: 'number' },
  XPENDING: {
    summary: 'Entries delivered and not yet handled: a summary, or with a range one by one.',
    reply: 'pendingSummary',
    when: { given: 'pendingEntries' },
  },
  XRANGE: { summary: 'Entries between two ids, oldest first.', reply: 'streamEntries' },
  XREAD: {
    summary:
      'Entries after an id, of one or several streams; with BLOCK it waits. Null where there are none.',
    reply: 'streams',
    flags: ['PAIRS'],
  },
  XREADGROUP: {
    summary: 'Entries for a consumer of a group; with BLOCK it waits. Null where there are none.',
    reply: 'streams',
    flags: ['PAIRS'],
  },
  XREVRANGE: { summary: 'Entries between two ids, newest first.', reply: 'streamEntries' },
  XSETID: { summary: 'Sets the last id of a stream; for replication.', reply: 'ok' },
  XTRIM: { summary: 'Removes the oldest entries of a stream; counts them.', reply: 'number' },

  // ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────────
  COPY: { summary: 'Copies a key; 1 when it was copied.', reply: 'number' },
  DEL: { summary: 'Deletes keys; counts those that existed.', reply: 'number' },
  DUMP: {
    summary: "A value in the server's own serialization, always as a Buffer; RESTORE takes it.",
    reply: 'bytesOrNull',
    flags: ['BYTES'],
  },
  EXISTS: { summary: 'Counts the keys that exist; one given twice counts twice.', reply: 'number' },
  EXPIRE: { summary: 'Lets a key expire after some seconds; 1 when that was set.', reply: 'number' },
  EXPIREAT: { summary: 'Lets a key expire at a time (Unix seconds); 1 when that was set.', reply: 'number' },
  EXPIRETIME: { summary: 'When a key expires (Unix seconds); -1 never, -2 no such key.', reply: 'number' },
  KEYS: {
    summary:
      'All keys that match a pattern. Looks at every key and holds up the server meanwhile: prefer SCAN.',
    reply: 'texts',
    keys: [{ ...FIRST_KEY, pattern: 'glob' }],
  },
  MIGRATE: {
    summary: 'Moves keys to another server; `NOKEY` when there were none.',
    reply: 'plainText',
    flags: ['SECRET'],
    keys: [
      { begin: { index: 2 }, find: { lastKey: 0, step: 1, limit: 0 }, skipEmpty: true },
      {
        begin: { keyword: 'KEYS', startFrom: 5, skip: { AUTH: 1, AUTH2: 2 } },
        find: { lastKey: -1, step: 1, limit: 0 },
      },
    ],
  },
  MOVE: { summary: 'Moves a key to another database; 1 when it was moved.', reply: 'number' },
  'OBJECT ENCODING': { summary: 'How the server stores a value, or null.', reply: 'plainTextOrNull' },
  'OBJECT FREQ': {
    summary: 'How often a key was used lately (a logarithmic counter), or null.',
    reply: 'numberOrNull',
  },
  'OBJECT HELP': help('OBJECT'),
  'OBJECT IDLETIME': { summary: 'Seconds since a key was used, or null.', reply: 'numberOrNull' },
  'OBJECT REFCOUNT': {
    summary: 'How many references the server holds to a value, or null.',
    reply: 'numberOrNull',
  },
  PERSIST: { summary: 'Removes the expiry of a key; 1 when it had one.', reply: 'number' },
  PEXPIRE: { summary: 'Lets a key expire after some milliseconds; 1 when that was set.', reply: 'number' },
  PEXPIREAT: {
    summary: 'Lets a key expire at a time (Unix milliseconds); 1 when that was set.',
    reply: 'number',
  },
  PEXPIRETIME: {
    summary: 'When a key expires (Unix milliseconds); -1 never, -2 no such key.',
    reply: 'number',
  },
  PTTL: { summary: 'Milliseconds until a key expires; -1 never, -2 no such key.', reply: 'number' },
  RANDOMKEY: { summary: 'Some key of the database, or null.', reply: 'textOrNull' },
  RENAME: { summary: 'Renames a key, over an existing one if need be.', reply: 'ok' },
  RENAMENX: { summary: 'Renames a key unless the new name exists; 1 when it was renamed.', reply: 'number' },
  RESTORE: { summary: 'Creates a key from what DUMP gave.', reply: 'ok' },
  SCAN: { summary: 'One step through all keys; the cursor is 0 at the end.', reply: 'scan' },
  SORT: {
    summary: 'The sorted elements of a list, set or sorted set; with STORE it stores and counts them.',
    reply: 'textsOrNulls',
    when: { STORE: 'number' },
    keys: [
      FIRST_KEY,
      {
        begin: { keyword: 'STORE', startFrom: 1, skip: { LIMIT: 2, GET: 1, BY: 1 } },
        find: { lastKey: 0, step: 1, limit: 0 },
      },
      ...SORT_PATTERNS,
    ],
  },
  SORT_RO: {
    summary: 'The sorted elements of a list, set or sorted set.',
    reply: 'textsOrNulls',
    keys: [FIRST_KEY, ...SORT_PATTERNS],
  },
  TOUCH: { summary: 'Marks keys as just used; counts those that exist.', reply: 'number' },
  TTL: { summary: 'Seconds until a key expires; -1 never, -2 no such key.', reply: 'number' },
  TYPE: { summary: 'The type of the value at a key; `none` where there is none.', reply: 'plainText' },
  UNLINK: {
    summary: 'Deletes keys, freeing their memory in the background; counts those that existed.',
    reply: 'number',
  },
  WAIT: {
    summary:
      "Waits until so many replicas have this connection's writes, for so many milliseconds; gives how many have.",
    reply: 'number',
    flags: ['BLOCKING', 'PINNED'],
  },
  WAITAOF: {
    summary:
      "Waits until this connection's writes are on disk, here and on so many replicas; gives how many have them.",
    reply: 'numbers',
    flags: ['BLOCKING', 'PINNED'],
  },

  // ── scripts and functions ──────────────────────────────────────────────────────────────────────────────────────
  EVAL: { summary: 'Runs a Lua script.' },
  EVALSHA: { summary: 'Runs a cached Lua script by its SHA-1.' },
  EVALSHA_RO: { summary: 'Runs a cached Lua script that only reads, by its SHA-1.' },
  EVAL_RO: { summary: 'Runs a Lua script that only reads.' },
  FCALL: { summary: 'Calls a function of a loaded library.' },
  FCALL_RO: { summary: 'Calls a function of a loaded library that only reads.' },
  'FUNCTION DELETE': { summary: 'Deletes a library.', reply: 'ok' },
  'FUNCTION DUMP': {
    summary: 'All libraries in a serialized form, always as a Buffer; FUNCTION RESTORE takes it.',
    reply: 'bytesOrNull',
    flags: ['IDEMPOTENT', 'BYTES'],
  },
  'FUNCTION FLUSH': { summary: 'Deletes all libraries.', reply: 'ok' },
  'FUNCTION HELP': help('FUNCTION'),
  'FUNCTION KILL': { summary: 'Stops the function that runs, if it wrote nothing yet.', reply: 'ok' },
  'FUNCTION LIST': {
    summary: 'The libraries and their functions.',
    reply: 'functionList',
    flags: idempotent,
  },
  'FUNCTION LOAD': { summary: 'Loads a library; gives its name.', reply: 'plainText' },
  'FUNCTION RESTORE': { summary: 'Loads what FUNCTION DUMP gave.', reply: 'ok' },
  'FUNCTION STATS': {
    summary: 'The function that runs now, and the engines.',
    reply: 'functionStats',
    flags: idempotent,
  },
  'SCRIPT DEBUG': {
    summary: 'Sets how scripts of this connection are debugged.',
    reply: 'ok',
    flags: ['STATEFUL'],
  },
  'SCRIPT EXISTS': {
    summary: '1 or 0 for each SHA-1: is the script cached?',
    reply: 'numbers',
    flags: idempotent,
  },
  'SCRIPT FLUSH': { summary: 'Empties the script cache.', reply: 'ok' },
  'SCRIPT HELP': help('SCRIPT'),
  'SCRIPT KILL': { summary: 'Stops the script that runs, if it wrote nothing yet.', reply: 'ok' },
  'SCRIPT LOAD': { summary: 'Puts a script into the cache; gives its SHA-1.', reply: 'plainText' },
  'SCRIPT SHOW': { summary: 'The text of a cached script.', reply: 'plainText', flags: idempotent },

  // ── pub/sub ────────────────────────────────────────────────────────────────────────────────────────────────────
  PSUBSCRIBE: { summary: 'Listens to patterns of channels.', flags: ['STATEFUL', 'SUBSCRIPTION'] },
  PUBLISH: { summary: 'Sends a message to a channel; gives how many received it.', reply: 'number' },
  'PUBSUB CHANNELS': {
    summary: 'The channels that somebody listens to.',
    reply: 'plainTexts',
    flags: idempotent,
  },
  'PUBSUB HELP': help('PUBSUB'),
  'PUBSUB NUMPAT': { summary: 'How many patterns are listened to.', reply: 'number', flags: idempotent },
  'PUBSUB NUMSUB': { summary: 'How many listen to each channel.', reply: 'counts', flags: idempotent },
  'PUBSUB SHARDCHANNELS': {
    summary: 'The shard channels that somebody listens to.',
    reply: 'plainTexts',
    flags: idempotent,
  },
  'PUBSUB SHARDNUMSUB': {
    summary: 'How many listen to each shard channel.',
    reply: 'counts',
    flags: idempotent,
  },
  PUNSUBSCRIBE: { summary: 'Stops listening to patterns.', flags: ['STATEFUL', 'SUBSCRIPTION'] },
  SPUBLISH: { summary: 'Sends a message to a shard channel; gives how many received it.', reply: 'number' },
  SSUBSCRIBE: { summary: 'Listens to shard channels.', flags: ['STATEFUL', 'SUBSCRIPTION'] },
  SUBSCRIBE: { summary: 'Listens to channels.', flags: ['STATEFUL', 'SUBSCRIPTION'] },
  SUNSUBSCRIBE: { summary: 'Stops listening to shard channels.', flags: ['STATEFUL', 'SUBSCRIPTION'] },
  UNSUBSCRIBE: { summary: 'Stops listening to channels.', flags: ['STATEFUL', 'SUBSCRIPTION'] },

  // ── transactions ───────────────────────────────────────────────────────────────────────────────────────────────
  DISCARD: { summary: 'Drops the commands of a transaction.', reply: 'ok', flags: ['STATEFUL', 'ONCE'] },
  EXEC: {
    summary: 'Runs the commands of a transaction; null when a watched key changed.',
    flags: ['STATEFUL', 'ONCE'],
  },
  MULTI: { summary: 'Begins a transaction.', reply: 'ok', flags: ['STATEFUL', 'ONCE'] },
  UNWATCH: { summary: 'Forgets all watched keys.', reply: 'ok', flags: ['STATEFUL', 'ONCE'] },
  WATCH: {
    summary: 'Watches keys: the next transaction fails if one changes.',
    reply: 'ok',
    flags: ['STATEFUL', 'ONCE'],
  },

  // ── connection ─────────────────────────────────────────────────────────────────────────────────────────────────
  AUTH: { summary: 'Signs in.', reply: 'ok', flags: ['STATEFUL', 'SECRET'] },
  'CLIENT CACHING': {
    summary: 'Says whether the next command is tracked.',
    reply: 'ok',
    flags: ['STATEFUL'],
  },
  'CLIENT CAPA': {
    summary: 'Tells the server what this connection can do.',
    reply: 'ok',
    flags: ['ALTERING'],
  },
  'CLIENT GETNAME': {
    summary: 'The name of this connection, or null.',
    reply: 'plainTextOrNull',
    flags: idempotent,
  },
  'CLIENT GETREDIR': {
    summary: 'The connection that tracking messages go to; 0 to this one, -1 tracking is off.',
    reply: 'number',
    flags: idempotent,
  },
  'CLIENT HELP': help('CLIENT'),
  'CLIENT ID': { summary: 'The number of this connection.', reply: 'number', flags: idempotent },
  'CLIENT IMPORT-SOURCE': {
    summary: 'Says whether this connection imports data.',
    reply: 'ok',
    flags: ['ALTERING'],
  },
  'CLIENT INFO': {
    summary: 'What the server knows of this connection.',
    reply: 'clientInfo',
    flags: idempotent,
  },
  'CLIENT KILL': { summary: 'Ends connections: `OK` for one address, a count with filters.', reply: 'reply' },
  'CLIENT LIST': {
    summary: 'What the server knows of each connection.',
    reply: 'clientList',
    flags: idempotent,
  },
  'CLIENT NO-EVICT': { summary: 'Exempts this connection from eviction.', reply: 'ok', flags: ['ALTERING'] },
  'CLIENT NO-TOUCH': {
    summary: 'Says whether commands of this connection count as use of a key.',
    reply: 'ok',
    flags: ['ALTERING'],
  },
  'CLIENT PAUSE': { summary: 'Holds up all commands, or all writes, for so many milliseconds.', reply: 'ok' },
  'CLIENT REPLY': { summary: 'Turns replies off and on.', reply: 'ok', flags: ['STATEFUL'] },
  'CLIENT SETINFO': {
    summary: 'Tells the server the name or version of the library.',
    reply: 'ok',
    flags: ['ALTERING'],
  },
  'CLIENT SETNAME': { summary: 'Names this connection.', reply: 'ok', flags: ['ALTERING'] },
  'CLIENT TRACKING': {
    summary: 'Turns messages about changed keys on or off.',
    reply: 'ok',
    flags: ['STATEFUL'],
  },
  'CLIENT TRACKINGINFO': {
    summary: 'How this connection tracks keys.',
    reply: 'mixedRecord',
    flags: idempotent,
  },
  'CLIENT UNBLOCK': {
    summary: 'Wakes a connection that waits in a blocking command; 1 when it did.',
    reply: 'number',
  },
  'CLIENT UNPAUSE': { summary: 'Ends CLIENT PAUSE.', reply: 'ok' },
  ECHO: { summary: 'Gives back what it gets.', reply: 'text', flags: idempotent },
  HELLO: {
    summary: 'Chooses the protocol, signs in and names the connection.',
    reply: 'hello',
    flags: ['STATEFUL', 'SECRET'],
  },
  PING: { summary: '`PONG`, or the message.', reply: 'text', flags: idempotent },
  QUIT: { summary: 'Ends the connection.', reply: 'ok', flags: ['STATEFUL'] },
  RESET: {
    summary: 'Puts the connection back into its first state.',
    reply: 'plainText',
    flags: ['STATEFUL'],
  },
  SELECT: { summary: 'Chooses the database.', reply: 'ok', flags: ['STATEFUL'] },

  // ── cluster ────────────────────────────────────────────────────────────────────────────────────────────────────
  ASKING: {
    summary: 'Lets the next command reach a slot that is being moved here.',
    reply: 'ok',
    flags: ['STATEFUL'],
  },
  'CLUSTER ADDSLOTS': { summary: 'Gives slots to this node.', reply: 'ok' },
  'CLUSTER ADDSLOTSRANGE': { summary: 'Gives ranges of slots to this node.', reply: 'ok' },
  'CLUSTER BUMPEPOCH': { summary: 'Raises the configuration epoch.', reply: 'plainText' },
  'CLUSTER CANCELSLOTMIGRATIONS': { summary: 'Cancels the slot migrations that run.', reply: 'ok' },
  'CLUSTER COUNT-FAILURE-REPORTS': {
    summary: 'How many nodes report a node as failing.',
    reply: 'number',
    flags: idempotent,
  },
  'CLUSTER COUNTKEYSINSLOT': {
    summary: 'How many keys a slot has here.',
    reply: 'number',
    flags: idempotent,
  },
  'CLUSTER DELSLOTS': { summary: 'Takes slots from this node.', reply: 'ok' },
  'CLUSTER DELSLOTSRANGE': { summary: 'Takes ranges of slots from this node.', reply: 'ok' },
  'CLUSTER FAILOVER': { summary: 'Makes this replica the master.', reply: 'ok' },
  'CLUSTER FLUSHSLOT': { summary: 'Deletes all keys of a slot.', reply: 'ok' },
  'CLUSTER FLUSHSLOTS': { summary: 'Takes all slots from this node.', reply: 'ok' },
  'CLUSTER FORGET': { summary: 'Removes a node from the table of nodes.', reply: 'ok' },
  'CLUSTER GETKEYSINSLOT': { summary: 'Some keys of a slot.', reply: 'texts', flags: idempotent },
  'CLUSTER GETSLOTMIGRATIONS': {
    summary: 'Slot migrations that run or ran lately.',
    reply: 'mixedRecords',
    flags: idempotent,
  },
  'CLUSTER HELP': help('CLUSTER'),
  'CLUSTER INFO': {
    summary: 'The state of the cluster, as lines of `name:value`.',
    reply: 'plainText',
    flags: idempotent,
  },
  'CLUSTER KEYSLOT': { summary: 'The slot of a key.', reply: 'number', flags: idempotent },
  'CLUSTER LINKS': {
    summary: 'The connections between this node and the others.',
    reply: 'mixedRecords',
    flags: idempotent,
  },
  'CLUSTER MEET': { summary: 'Introduces another node to this one.', reply: 'ok' },
  'CLUSTER MIGRATESLOTS': { summary: 'Moves ranges of slots to other nodes.', reply: 'ok' },
  'CLUSTER MYID': { summary: 'The id of this node.', reply: 'plainText', flags: idempotent },
  'CLUSTER MYSHARDID': {
    summary: 'The id of the shard of this node.',
    reply: 'plainText',
    flags: idempotent,
  },
  'CLUSTER NODES': {
    summary: 'What this node knows of each node.',
    reply: 'clusterNodes',
    flags: idempotent,
  },
  'CLUSTER REPLICAS': {
    summary: 'What this node knows of each replica of a node.',
    reply: 'clusterNodes',
    flags: idempotent,
  },
  'CLUSTER REPLICATE': {
    summary: 'Makes this node a replica of another.',
    reply: 'ok',
    grammarFrom: 'valkey-9.1',
  },
  'CLUSTER RESET': { summary: 'Makes this node forget the cluster.', reply: 'ok' },
  'CLUSTER SAVECONFIG': { summary: "Writes the node's configuration to disk.", reply: 'ok' },
  'CLUSTER SET-CONFIG-EPOCH': { summary: 'Sets the configuration epoch of a new node.', reply: 'ok' },
  'CLUSTER SETSLOT': { summary: 'Marks a slot as moving, or says whose it is.', reply: 'ok' },
  'CLUSTER SHARDS': {
    summary: 'The shards, their slots and nodes.',
    reply: 'clusterShards',
    flags: idempotent,
  },
  'CLUSTER SLAVES': {
    summary: 'The old name of CLUSTER REPLICAS.',
    reply: 'clusterNodes',
    flags: idempotent,
  },
  'CLUSTER SLOT-STATS': { summary: 'Figures about the use of slots.', reply: 'slotStats', flags: idempotent },
  'CLUSTER SLOTS': { summary: 'Which nodes serve which slots.', reply: 'clusterSlots', flags: idempotent },
  'CLUSTER SYNCSLOTS': {
    summary: 'Part of how nodes move slots between them.',
    flags: ['STATEFUL'],
    arguments: [string('arg', { multiple: true })],
  },
  CLUSTERSCAN: { summary: 'One step through the keys of the whole cluster.', reply: 'scan' },
  READONLY: { summary: 'Lets this connection read from a replica.', reply: 'ok', flags: ['STATEFUL'] },
  READWRITE: { summary: 'Ends READONLY.', reply: 'ok', flags: ['STATEFUL'] },

  // ── server ─────────────────────────────────────────────────────────────────────────────────────────────────────
  BGREWRITEAOF: { summary: 'Rewrites the append-only file in the background.', reply: 'plainText' },
  BGSAVE: { summary: 'Saves a snapshot in the background.', reply: 'plainText', grammarFrom: 'valkey-9.1' },
  COMMAND: { reply: 'commandInfo', summary: 'What the server knows of all its commands.', flags: idempotent },
  'COMMAND COUNT': { summary: 'How many commands the server has.', reply: 'number', flags: idempotent },
  'COMMAND DOCS': {
    reply: 'commandDocs',
    summary: "The server's documentation of commands.",
    flags: idempotent,
  },
  'COMMAND GETKEYS': {
    summary: 'The keys among the arguments of a command.',
    reply: 'texts',
    flags: idempotent,
  },
  'COMMAND GETKEYSANDFLAGS': {
    summary: 'The keys among the arguments of a command, and what it does with each.',
    flags: idempotent,
  },
  'COMMAND HELP': help('COMMAND'),
  'COMMAND INFO': {
    reply: 'commandInfo',
    summary: 'What the server knows of some commands.',
    flags: idempotent,
  },
  'COMMAND LIST': {
    summary: 'The names of all commands, or of some.',
    reply: 'plainTexts',
    flags: idempotent,
  },
  'COMMANDLOG GET': { summary: 'Entries of the log of slow or large commands.', flags: idempotent },
  'COMMANDLOG HELP': help('COMMANDLOG'),
  'COMMANDLOG LEN': {
    summary: 'How long the log of slow or large commands is.',
    reply: 'number',
    flags: idempotent,
  },
  'COMMANDLOG RESET': { summary: 'Empties the log of slow or large commands.', reply: 'ok' },
  'CONFIG GET': { summary: 'Settings whose names match patterns.', reply: 'record', flags: idempotent },
  'CONFIG HELP': help('CONFIG'),
  'CONFIG RESETSTAT': { summary: 'Sets the counters of INFO back to zero.', reply: 'ok' },
  'CONFIG REWRITE': { summary: 'Writes the settings to the configuration file.', reply: 'ok' },
  'CONFIG SET': { summary: 'Changes settings while the server runs.', reply: 'ok', flags: ['SECRET'] },
  DBSIZE: { summary: 'How many keys the database has.', reply: 'number' },
  DEBUG: {
    summary: "The server's own tools for testing it.",
    reply: 'reply',
    arguments: [string('subcommand'), string('arg', { optional: true, multiple: true })],
  },
  FAILOVER: { summary: 'Hands over to a replica.', reply: 'ok' },
  FLUSHALL: { summary: 'Deletes all keys of all databases.', reply: 'ok' },
  FLUSHDB: { summary: 'Deletes all keys of the database.', reply: 'ok' },
  INFO: {
    summary: 'Facts and counters by section: `info.server.redis_version`.',
    reply: 'info',
    flags: idempotent,
  },
  LASTSAVE: {
    summary: 'When the last snapshot was saved (Unix seconds).',
    reply: 'number',
    flags: idempotent,
  },
  'LATENCY DOCTOR': {
    summary: "The server's own diagnosis of its latency.",
    reply: 'plainText',
    flags: idempotent,
  },
  'LATENCY GRAPH': {
    summary: 'Latencies of an event, drawn in text.',
    reply: 'plainText',
    flags: idempotent,
  },
  'LATENCY HELP': help('LATENCY'),
  'LATENCY HISTOGRAM': {
    summary: 'How long commands took, by command.',
    reply: 'latencyHistogram',
    flags: idempotent,
  },
  'LATENCY HISTORY': { summary: 'Latencies of an event, each with its time.', flags: idempotent },
  'LATENCY LATEST': { summary: 'The latest latency of each event.', flags: idempotent },
  'LATENCY RESET': { summary: 'Forgets the latencies of events; counts them.', reply: 'number' },
  LOLWUT: { summary: 'A drawing, and the version.', reply: 'plainText' },
  'MEMORY DOCTOR': {
    summary: "The server's own diagnosis of its memory.",
    reply: 'plainText',
    flags: idempotent,
  },
  'MEMORY HELP': help('MEMORY'),
  'MEMORY MALLOC-STATS': { summary: 'What the allocator says.', reply: 'plainText', flags: idempotent },
  'MEMORY PURGE': { summary: 'Asks the allocator to give memory back.', reply: 'ok' },
  'MEMORY STATS': { summary: 'What the memory is used for.', reply: 'memoryStats', flags: idempotent },
  'MEMORY USAGE': { summary: 'The bytes that a key takes, or null.', reply: 'numberOrNull' },
  'MODULE HELP': help('MODULE'),
  'MODULE LIST': { summary: 'The modules that are loaded.', reply: 'mixedRecords', flags: idempotent },
  'MODULE LOAD': { summary: 'Loads a module.', reply: 'ok' },
  'MODULE LOADEX': { summary: 'Loads a module with settings.', reply: 'ok' },
  'MODULE UNLOAD': { summary: 'Unloads a module.', reply: 'ok' },
  MONITOR: { summary: 'Shows every command that the server gets.', flags: ['STATEFUL'] },
  PSYNC: { summary: 'Part of replication.', flags: ['STATEFUL'] },
  REPLCONF: { summary: 'Part of replication.', flags: ['STATEFUL'] },
  REPLICAOF: { summary: 'Makes the server a replica of another, or a master.', reply: 'ok' },
  'RESTORE-ASKING': { summary: 'Part of MIGRATE in a cluster.', reply: 'ok' },
  ROLE: { summary: 'Master, replica or sentinel, and its partners.', flags: idempotent },
  SAVE: { summary: 'Saves a snapshot while everybody waits.', reply: 'ok' },
  SHUTDOWN: {
    summary: 'Ends the server. It answers with the end of the connection, unless it is ABORT.',
    reply: 'ok',
    grammarFrom: 'valkey-9.1',
  },
  SLAVEOF: { summary: 'The old name of REPLICAOF.', reply: 'ok' },
  'SLOWLOG GET': { summary: 'Entries of the log of slow commands.', flags: idempotent },
  'SLOWLOG HELP': help('SLOWLOG'),
  'SLOWLOG LEN': { summary: 'How long the log of slow commands is.', reply: 'number', flags: idempotent },
  'SLOWLOG RESET': { summary: 'Empties the log of slow commands.', reply: 'ok' },
  SWAPDB: { summary: 'Swaps two databases.', reply: 'ok' },
  SYNC: { summary: 'Part of replication.', flags: ['STATEFUL'] },
  TIME: { summary: "The server's clock: seconds and microseconds.", reply: 'time', flags: idempotent },

  // ── vector sets (Redis 8) ──────────────────────────────────────────────────────────────────────────────────────
  VADD: {
    summary: 'Adds an element with its vector; 1 when it is new.',
    reply: 'flag',
    arguments: [key, string('arg', { multiple: true })],
  },
  VCARD: { summary: 'How many elements a vector set has.', reply: 'number', arguments: [key] },
  VDIM: { summary: 'How many dimensions the vectors have.', reply: 'number', arguments: [key] },
  VEMB: {
    summary: 'The vector of an element, or null.',
    reply: 'vector',
    arguments: [key, string('element'), word('RAW', optional)],
  },
  VGETATTR: {
    summary: 'The JSON attributes of an element, or null.',
    reply: 'textOrNull',
    arguments: [key, string('element')],
  },
  VINFO: { summary: 'Facts about a vector set, or null.', reply: 'mixedRecordOrNull', arguments: [key] },
  VISMEMBER: {
    summary: '1 when the vector set has this element.',
    reply: 'flag',
    arguments: [key, string('element')],
  },
  VLINKS: {
    summary: 'The neighbours of an element, layer by layer, or null.',
    reply: 'links',
    when: { WITHSCORES: 'linksWithScores' },
    arguments: [key, string('element'), word('WITHSCORES', optional)],
  },
  VRANDMEMBER: {
    summary: 'One or several random elements.',
    reply: 'textOrNull',
    when: { given: 'texts' },
    arguments: [key, integer('count', optional)],
  },
  VREM: {
    summary: 'Removes an element; 1 when it was there.',
    reply: 'flag',
    arguments: [key, string('element')],
  },
  VSETATTR: {
    summary: 'Sets the JSON attributes of an element; 1 when it exists.',
    reply: 'flag',
    arguments: [key, string('element'), string('json')],
  },
  VSIM: {
    summary: 'The elements most similar to a vector or to another element.',
    reply: 'similar',
    when: { WITHSCORES: 'similarWithScores' },
    arguments: [key, string('arg', { multiple: true })],
  },
};

/**
 * Commands without a method: sent by anybody on a connection that others use too, they break it or take it over. The core
 * sends them where they belong, and `call()` on a dedicated connection still reaches them.
 */
export const omitted = {
  ASKING: 'the cluster router sends it before a redirected command',
  AUTH: 'credentials are options of the client, sent at each connect',
  'CLIENT CACHING': 'belongs to the next command of one connection: client-side caching sends it',
  'CLIENT REPLY': 'without replies no command could be matched with its answer',
  'CLIENT TRACKING': 'client-side caching turns it on where it listens',
  'CLUSTER SYNCSLOTS': 'a stream between nodes, no command with a reply',
  DISCARD: '`multi()` and dedicated connections',
  EXEC: '`multi()` and dedicated connections',
  HELLO: 'the handshake sends it; `protocol` is an option',
  MONITOR: '`monitor()` of the client: it takes a connection over',
  MULTI: '`multi()` and dedicated connections',
  PSUBSCRIBE: '`psubscribe()` of the client',
  PSYNC: 'a stream between servers, no command with a reply',
  PUNSUBSCRIBE: '`unsubscribe()` of a subscription',
  QUIT: '`close()`',
  READONLY: 'the cluster router sends it to replicas',
  READWRITE: 'the cluster router sends it to replicas',
  REPLCONF: 'between servers only',
  RESET: 'would undo the handshake under everybody',
  'RESTORE-ASKING': 'between servers only',
  'SCRIPT DEBUG': 'the next script would turn the connection into a debugger',
  SELECT: 'the database is an option of the client, sent at each connect',
  SSUBSCRIBE: '`ssubscribe()` of the client',
  SUBSCRIBE: '`subscribe()` of the client',
  SUNSUBSCRIBE: '`unsubscribe()` of a subscription',
  SYNC: 'a stream between servers, no command with a reply',
  UNSUBSCRIBE: '`unsubscribe()` of a subscription',
  UNWATCH: '`watch()` and dedicated connections',
  WATCH: '`watch()` of the client',
};
