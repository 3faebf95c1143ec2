/** iovalkey is a fork of ioredis: what the harness calls is the same in both. */
import { once } from 'node:events';

export async function connectFamilyCluster({ Cluster }, addresses, options = {}) {
  const redis = new Cluster(addresses, options);
  await once(redis, 'ready');
  return {
    get: (key) => redis.get(key),
    set: (key, value) => redis.set(key, value),
    // a pipeline of theirs takes keys of one node only: keys in many slots are asked for in one tick
    pipelineGet: (keys) => Promise.all(keys.map((key) => redis.get(key))),
    close: () => redis.disconnect(),
  };
}

export async function connectFamily(Redis, options) {
  const redis = new Redis(options);
  await once(redis, 'ready');
  const waiters = [];
  return {
    get: (key) => redis.get(key),
    set: (key, value) => redis.set(key, value),
    mget: (keys) => redis.mget(keys),
    hgetall: (key) => redis.hgetall(key),
    lrange: (key, start, stop) => redis.lrange(key, start, stop),
    refused: (key) => redis.lrange(key, 0, -1).catch((error) => error),
    pipelineGet: (keys) => {
      const pipeline = redis.pipeline();
      for (const key of keys) pipeline.get(key);
      return pipeline.exec();
    },
    subscribe: async (channels, onMessage) => {
      redis.on('message', (_channel, data) => onMessage(data));
      await redis.subscribe(...channels);
    },
    transaction: (key, value) => redis.multi().set(key, value).get(key).exec(),
    // on its own connection a waiter would hold up all that comes after it
    block: async (count, key) => {
      waiters.push(...Array.from({ length: count }, () => redis.duplicate()));
      for (const waiter of waiters) {
        await waiter.ping();
        waiter.blpop(key, 0).catch(() => {});
      }
    },
    close: () => [redis, ...waiters].forEach((each) => each.disconnect()),
  };
}
