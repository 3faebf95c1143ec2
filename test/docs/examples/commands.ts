import type { RedisClient } from 'nestjs-redwire/core';

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

export async function pipeline(client: RedisClient) {
  // #region pipeline
  const results = await client.pipeline().set('n', 1).incr('n').lpush('n', 'x').get('n').exec();
  // ['OK', 2, RedisServerError WRONGTYPE, '2']
  // #endregion
  return results;
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
