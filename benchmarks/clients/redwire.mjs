/** This repository's client with its defaults: timeouts on, typed methods, no tuning. */
import { existsSync } from 'node:fs';
import { POOL_SIZE } from '../data.mjs';
import { makeObserved } from './redwire-telemetry.mjs';

const ENTRY = new URL('../../dist/core/index.js', import.meta.url);

export const redwire = {
  name: 'redwire',
  label: 'nestjs-redwire',
  role: 'ours',
  package: 'nestjs-redwire',
  whenMissing: 'not yet',
  isBuilt: () => existsSync(ENTRY),
  load: () => import(ENTRY.href),
  connectCluster,
  connect: async ({ RedisClient, RedisPool }, { host, port }, { kind, telemetry }) => {
    const redis = new RedisClient({ host, port });
    await redis.connect();
    const observed = telemetry === undefined ? undefined : await makeObserved({ host, port }, telemetry);
    const pools =
      kind === 'overhead' && observed === undefined ? await makePools(RedisPool, { host, port }) : undefined;
    const client = {
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
        const subscription = await redis.subscribe(...channels);
        subscription.on('message', (message) => onMessage(message.data));
      },
      ...pools,
      ...observed,
      transaction: (key, value) => redis.multi((tx) => tx.set(key, value).get(key)),
      block: (count, key) => {
        // they end with the client
        for (let n = 0; n < count; n++) redis.blpop(key, 0).catch(() => {});
        return untilInFlight(redis, count);
      },
      close: async () => {
        await observed?.closeObserved();
        await redis.close();
      },
    };
    // What the client does not offer so far is reported as such, not as a failure.
    for (const name of ['get', 'set', 'mget', 'hgetall', 'lrange', 'subscribe']) {
      if (typeof redis[name] !== 'function') delete client[name];
    }
    if (typeof redis.pipeline !== 'function') delete client.pipelineGet;
    return client;
  },
};

/** A pool, and as many connections without one: lent once, then handed on by an array. */
async function makePools(RedisPool, address) {
  const pool = new RedisPool({ ...address, min: POOL_SIZE, max: POOL_SIZE });
  const source = new RedisPool({ ...address, min: POOL_SIZE, max: POOL_SIZE });
  await pool.connect();
  const held = await Promise.all(Array.from({ length: POOL_SIZE }, () => source.acquire()));
  return {
    poolGet: (key) => pool.use((lent) => lent.get(key)),
    heldGet: (key) => {
      const lent = held.pop();
      const reply = lent.get(key);
      reply.then(() => held.push(lent));
      return reply;
    },
  };
}

/** In a cluster the same calls go to the node that has the key. */
async function connectCluster({ RedisClient }, addresses) {
  const redis = new RedisClient({ cluster: { nodes: addresses } });
  await redis.connect();
  return {
    get: (key) => redis.get(key),
    set: (key, value) => redis.set(key, value),
    pipelineGet: (keys) => {
      const pipeline = redis.pipeline();
      for (const key of keys) pipeline.get(key);
      return pipeline.exec();
    },
    close: () => redis.close(),
  };
}

async function untilInFlight(redis, count) {
  while (redis.inFlight < count) await new Promise((resolve) => setTimeout(resolve, 10));
}
