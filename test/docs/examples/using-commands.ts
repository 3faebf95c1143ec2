import type { RedisClient } from 'nestjs-redwire/core';
// #region own
import './own-commands.js';
// #endregion

export async function names(client: RedisClient) {
  // #region names
  await client.set('visits', 1);
  const visits = await client.incr('visits'); // 2
  const config = await client.configGet('maxmemory-policy');
  const encoding = await client.objectEncoding('visits'); // 'int'
  // #endregion
  return { visits, config, encoding };
}

export async function raw(client: RedisClient) {
  // #region raw
  const stored = await client.set('lock', 'me', 'PX', 30_000, 'NX'); // 'OK', or null
  const previous = await client.set('lock', 'you', 'GET'); // 'me'
  await client.expire('lock', 60, 'GT');
  // #endregion
  return { stored, previous };
}

export async function collections(client: RedisClient) {
  // #region collections
  await client.mset({ a: 1, b: 2 });
  await client.hset('user:1', { name: 'Ada', visits: 3 });
  await client.hset('user:2', new Map([['name', 'Grace']]));
  await client.zadd('scores', { score: 10, member: 'Ada' }, { score: 7.5, member: 'Grace' });
  await client.sadd('tags', ['red', 'blue']); // a list or one by one
  const counted = await client.del('a', 'b'); // 2
  // #endregion
  return counted;
}

export async function options(client: RedisClient) {
  // #region options
  const lock = await client.set('lock', 'me', { ex: 30, nx: true }); // 'OK', or null: it is typed so
  const before = await client.set('lock', 'you', { keepttl: true, get: true }); // 'me'
  await client.expire('lock', 60, { gt: true });
  const [cursor, found] = await client.scan(0, { match: 'lo*', type: 'string', count: 100 });
  // #endregion
  return { lock, before, cursor, found };
}

export async function sortedSets(client: RedisClient) {
  // #region sorted-sets
  await client.zadd('scores', { score: 10, member: 'Ada' });
  await client.zadd(
    'scores',
    [
      { score: 12, member: 'Ada' },
      { score: 7, member: 'Grace' },
    ],
    { gt: true },
  );
  const top = await client.zrange('scores', '+inf', 5, {
    byscore: true,
    rev: true,
    limit: [0, 10],
    withscores: true,
  }); // [{ member: 'Ada', score: 12 }, { member: 'Grace', score: 7 }]
  // #endregion
  return top;
}

export async function counted(client: RedisClient) {
  // #region counted
  await client.zadd('north', { score: 1, member: 'oak' });
  await client.zadd('south', { score: 2, member: 'oak' }, { score: 3, member: 'fig' });
  const trees = await client.zunion(['north', 'south'], { weights: [10, 1], withscores: true });
  // [{ member: 'fig', score: 3 }, { member: 'oak', score: 12 }]
  const both = await client.zintercard(['north', 'south'], { limit: 5 }); // 1
  const sum = await client.eval('return redis.call("ZCARD", KEYS[1]) + ARGV[1]', ['south'], [40]); // 42
  // #endregion
  return { trees, both, sum };
}

export async function streams(client: RedisClient) {
  // #region streams
  const maxlen = { approx: true, threshold: 1_000 };
  const id = await client.xadd('orders', '*', { item: 'tea' }, { maxlen });
  await client.xgroupCreate('orders', 'shop', '0');
  const read = await client.xread({ orders: '0' }, { count: 10 });
  // [{ key: 'orders', entries: [{ id: '…', fields: { item: 'tea' } }] }]
  const taken = await client.xreadgroup('shop', 'one', { orders: '>' }, { count: 1, block: 100 });
  // #endregion
  return { id, read, taken };
}

export async function places(client: RedisClient) {
  // #region geo
  await client.geoadd('cities', [
    { longitude: 2.35, latitude: 48.86, member: 'Paris' },
    { longitude: 4.84, latitude: 45.76, member: 'Lyon' },
  ]);
  const near = await client.geosearch('cities', {
    frommember: 'Paris',
    byradius: [500, 'km'],
    asc: true,
    withdist: true,
  }); // [{ member: 'Paris', distance: 0 }, { member: 'Lyon', distance: 392.567 }]
  // #endregion
  return near;
}

export async function bits(client: RedisClient) {
  // #region bits
  const results = await client.bitfield('flags', [
    { set: ['u8', 0, 250] },
    { overflow: 'SAT', incrby: ['u8', 0, 10] },
    { get: ['u8', 0] },
  ]); // [0, 255, 255]
  // #endregion
  return results;
}

export async function excluded(client: RedisClient) {
  // #region excluded
  // @ts-expect-error: of NX and XX one at most
  const both = await client.set('key', 'value', { nx: true, xx: true }).catch(String);
  // TypeError: SET: options `nx` and `xx` exclude each other; nothing was sent.

  // @ts-expect-error: there is no such option
  const unknown = await client.set('key', 'value', { ttl: 10 }).catch(String);
  // TypeError: SET: there is no option `ttl`; it takes …

  // `false` and `undefined` are as good as left out
  const onlyNew: boolean = false;
  const stored = await client.set('key', 'value', { nx: onlyNew, ex: undefined }); // 'OK'
  // #endregion
  return { both, unknown, stored };
}

export async function refused(client: RedisClient): Promise<unknown> {
  const name: string | undefined = undefined;
  // #region refused
  // TypeError: SET: argument 2 is undefined; nothing was sent. …
  const error = await client.set('name', name!).catch((reason: unknown) => reason);
  // #endregion
  return error;
}

export async function bytes(client: RedisClient) {
  // #region bytes
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
  await client.hset('image', { png, type: 'image/png' });
  const stored = await client.buffers.hget('image', 'png'); // a Buffer, or null
  const fields = await client.buffers.hgetall('image'); // Record<string, Buffer>
  // #endregion
  return { png, stored, fields };
}

export async function call(client: RedisClient) {
  // #region call
  const user = await client.call('HGETALL', 'user:1'); // as hgetall: a record
  const policy = await client.call('CONFIG', 'GET', 'maxmemory-policy');
  const said = await client.call('ECHO', 'anything');
  // #endregion
  return { user, policy, said };
}

export async function own(client: RedisClient) {
  // #region own
  await client.vadd('points', 'VALUES', 2, 1, 0, 'east');
  const sent = await client.rawVsim('points', 'ELE', 'east', 'WITHSCORES'); // as sent: { east: 1 }
  const shaped = await client.vsim('points', 'ELE', 'east', 'WITHSCORES'); // [{ member: 'east', score: 1 }]
  // #endregion
  return { sent, shaped };
}

export async function perCall(client: RedisClient, request: AbortSignal) {
  // #region with
  const quick = client.with({ timeout: 100 });
  const name = await quick.hget('user:1', 'name');
  const visits = await client.with({ signal: request, retry: false }).hget('user:1', 'visits');
  // the caller's word that a second time does no harm
  await client.with({ idempotent: true }).set('last-seen', Date.now());
  // #endregion
  return { name, visits };
}

export async function blocking(client: RedisClient) {
  // #region blocking
  const waiting = client.blpop('jobs', 5); // waits on a connection of its own
  const [answer] = await Promise.all([client.ping(), client.rpush('jobs', 'first')]);
  const taken = await waiting; // ['jobs', 'first']
  const nothing = await client.blpop('jobs', 0.05); // null: nothing came
  // #endregion
  return { answer, taken, nothing };
}

export async function integers(client: RedisClient) {
  // #region integers
  await client.set('counter', '9007199254740993'); // 2^53 + 1
  const next: unknown = await client.incr('counter'); // 9007199254740994n, typed number
  await client.incrby('counter', 2n ** 55n); // bigints are arguments, too
  // #endregion
  return next;
}

export async function prefixed(app: RedisClient, plain: RedisClient) {
  // #region prefix
  // const app = new RedisClient({ keyPrefix: 'app:' });
  await app.mset({ a: 1, b: 2 });
  await app.sort('list', 'BY', 'weight_*', 'STORE', 'sorted');
  const stored = await plain.mget('app:a', 'app:b'); // ['1', '2']
  const keys = await app.keys('?'); // ['a', 'b'], in any order
  // #endregion
  return { stored, keys };
}

export async function pipelining(client: RedisClient) {
  // #region tick
  const [name, visits, tags] = await Promise.all([
    client.hget('user:1', 'name'),
    client.get('visits'),
    client.smembers('tags'),
  ]);
  // #endregion
  return { name, visits, tags };
}
