import { RedisClient } from 'nestjs-redwire/core';

export async function same(redis: RedisClient) {
  // #region same
  await redis.set('key', 'value', 'EX', 10);
  await redis.hset('hash', { a: 1, b: 2 });
  const all = await redis.hgetall('hash'); // { a: '1', b: '2' }
  const values = await redis.mget('key', 'none'); // ['value', null]
  // #endregion
  return { all, values };
}

export async function different(redis: RedisClient) {
  await redis.zadd('ranks', 1.5, 'a');
  // #region different
  const score = await redis.zscore('ranks', 'a'); // 1.5, where ioredis has '1.5'
  const ranks = await redis.zrange('ranks', 0, -1, 'WITHSCORES'); // [{ member: 'a', score: 1.5 }]
  const raw = await redis.buffers.get('key'); // getBuffer('key')
  const info = await redis.info('server'); // a record of records
  // #endregion
  return { score, ranks, raw, version: info['server']?.['redis_version'] };
}

export async function transactions(redis: RedisClient) {
  // #region transactions
  const [visits, page] = await redis.multi((tx) => tx.incr('visits').get('page'));
  const changed = await redis.watch('page', (tx, watched) => tx.set('page', `${watched.page}!`)); // ['OK'], or null
  const add = redis.script({ lua: 'return redis.call("INCRBY", KEYS[1], ARGV[1])', keys: 1 });
  const sum = await add.call(['visits'], [10]); // 11
  // #endregion
  return { visits, page, changed, sum };
}
