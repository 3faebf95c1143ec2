const adapter = {
  role: 'peer',
  package: 'redis',
  load: () => import('redis'),
};

export const nodeRedis = {
  ...adapter,
  name: 'node-redis',
  label: 'node-redis',
  connect: ({ createClient }, address) => connect(createClient, address, {}),
  connectCluster: ({ createCluster }, addresses) => connectCluster(createCluster, addresses, {}),
};

/** As shipped, node-redis 6 arms an `AbortSignal.timeout` of 5 s for every command; a timeout of 0 arms none. */
export const nodeRedisNoTimeouts = {
  ...adapter,
  name: 'node-redis-no-timeouts',
  label: 'node-redis, timeouts off',
  connect: ({ createClient }, address) => connect(createClient, address, { commandOptions: { timeout: 0 } }),
  connectCluster: ({ createCluster }, addresses) =>
    connectCluster(createCluster, addresses, { commandOptions: { timeout: 0 } }),
};

async function connectCluster(createCluster, addresses, defaults) {
  const redis = createCluster({
    rootNodes: addresses.map(({ host, port }) => ({ socket: { host, port } })),
    defaults,
  });
  redis.on('error', (error) => console.error(error));
  await redis.connect();
  return {
    get: (key) => redis.get(key),
    set: (key, value) => redis.set(key, value),
    // theirs takes keys of one node only: commands of one tick are what their guide says instead
    pipelineGet: (keys) => Promise.all(keys.map((key) => redis.get(key))),
    close: () => redis.destroy(),
  };
}

async function connect(createClient, { host, port }, options) {
  const redis = createClient({ socket: { host, port }, ...options });
  redis.on('error', (error) => console.error(error));
  await redis.connect();
  return {
    get: (key) => redis.get(key),
    set: (key, value) => redis.set(key, value),
    mget: (keys) => redis.mGet(keys),
    hgetall: (key) => redis.hGetAll(key),
    lrange: (key, start, stop) => redis.lRange(key, start, stop),
    refused: (key) => redis.lRange(key, 0, -1).catch((error) => error),
    pipelineGet: (keys) => {
      const pipeline = redis.multi();
      for (const key of keys) pipeline.get(key);
      return pipeline.execAsPipeline();
    },
    subscribe: (channels, onMessage) => redis.subscribe(channels, (data) => onMessage(data)),
    transaction: (key, value) => redis.multi().set(key, value).get(key).exec(),
    close: () => redis.destroy(),
  };
}
