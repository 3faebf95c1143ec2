/** This repository's client with its defaults: timeouts on, typed methods, no tuning. */
import { existsSync } from 'node:fs';

const ENTRY = new URL('../../dist/core/index.js', import.meta.url);

export const redwire = {
  name: 'redwire',
  label: 'nestjs-redwire',
  role: 'ours',
  package: 'nestjs-redwire',
  whenMissing: 'not yet',
  isBuilt: () => existsSync(ENTRY),
  load: () => import(ENTRY.href),
  connect: async ({ RedisClient }, { host, port }) => {
    const redis = new RedisClient({ host, port });
    await redis.connect();
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
      close: () => redis.close(),
    };
    // What the client does not offer so far is reported as such, not as a failure.
    for (const name of ['get', 'set', 'mget', 'hgetall', 'lrange', 'subscribe']) {
      if (typeof redis[name] !== 'function') delete client[name];
    }
    if (typeof redis.pipeline !== 'function') delete client.pipelineGet;
    return client;
  },
};
