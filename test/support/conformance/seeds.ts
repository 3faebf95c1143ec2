import type { RedisClient } from 'nestjs-redwire/core';

/** Unix time, s: the year 2100. What expires then has the same expiry in every call. */
export const FAR = 4_102_444_800;

/** The functions that FCALL and its kin are sampled with. */
export const LIBRARY = `#!lua name=library
redis.register_function{
  function_name = 'echo',
  callback = function(keys, args) return {#keys, #args, 'text', false} end,
  flags = {'no-writes'},
}`;

/** The script that EVAL is sampled with: a reply of every type that Lua can give over both protocols alike. */
export const SCRIPT = "return {#KEYS, #ARGV, 'text', false, {1, 'nested'}}";

/**
 * The data that every call meets: two keys of each type, whose members, fields and elements are `a`, `b`, `c`. The first
 * of each is called after its group in `commands.json`.
 */
const KEYS: readonly (readonly string[])[] = [
  [
    'MSET',
    'string',
    'text of a key',
    'string2',
    'next of a key',
    'number',
    '10',
    'number2',
    '20',
    'weight_1',
    '2',
  ],
  ['MSET', 'bitmap', 'foobar', 'bitmap2', 'abcdef'],
  ['SET', 'expiring', 'text', 'EXAT', String(FAR)],
  ['RPUSH', 'list', 'a', 'b', 'c', 'a'],
  ['RPUSH', 'list2', 'c', 'd'],
  ['RPUSH', 'numbers', '3', '1', '2'],
  ['SADD', 'set', 'a', 'b', 'c'],
  ['SADD', 'set2', 'b', 'c', 'd'],
  ['HSET', 'hash', 'a', '1', 'b', '2', 'c', '3'],
  ['HSET', 'hash2', 'a', '1'],
  ['ZADD', 'sorted-set', '1', 'a', '2.5', 'b', '3', 'c'],
  ['ZADD', 'sorted-set2', '1', 'b', '2', 'c', '3', 'd'],
  ['ZADD', 'same-score', '0', 'a', '0', 'b', '0', 'c'],
  ['GEOADD', 'geo', '13.361389', '38.115556', 'a', '15.087269', '37.502669', 'b'],
  ['GEOADD', 'geo2', '13', '38', 'c'],
  ['PFADD', 'hyperloglog', 'a', 'b', 'c'],
  ['PFADD', 'hyperloglog2', 'c', 'd'],
  ['XADD', 'stream', '1-1', 'a', '1'],
  ['XADD', 'stream', '2-1', 'a', '2', 'b', '3'],
  ['XADD', 'stream', '3-1', 'a', '4'],
  ['XADD', 'stream2', '1-1', 'a', '1'],
  ['XGROUP', 'CREATE', 'stream', 'group', '0'],
  ['XGROUP', 'CREATE', 'stream2', 'group', '0'],
  // two of three are delivered and wait to be acknowledged; the third is there to be read
  ['XREADGROUP', 'GROUP', 'group', 'consumer', 'COUNT', '2', 'STREAMS', 'stream', '>'],
];

const HASH_FIELDS = [['HPEXPIREAT', 'hash', `${FAR}000`, 'FIELDS', '1', 'a']];

const VECTORS = [
  ['VADD', 'module', 'VALUES', '2', '1', '0', 'a', 'SETATTR', '{"n":1}'],
  ['VADD', 'module', 'VALUES', '2', '0', '1', 'b', 'SETATTR', '{"n":2}'],
  ['VADD', 'module', 'VALUES', '2', '1', '1', 'c'],
];

/** Puts the data of all databases into its first state, in one round trip. */
export async function seed(client: RedisClient, server: string): Promise<void> {
  const commands = [['FLUSHALL'], ...KEYS];
  if (server !== 'redis-7.0') commands.push(...HASH_FIELDS);
  if (server === 'redis-8.0') commands.push(...VECTORS);
  commands.push(['FUNCTION', 'FLUSH'], ['FUNCTION', 'LOAD', LIBRARY]);
  await Promise.all(commands.map(([name, ...args]) => client.call(name!, ...args)));
}
