/**
 * valkey-glide, whose Rust core runs in threads of the same process: their time is in the CPU figures. Two limits
 * are raised so that it can run every scenario at all: it fails requests after 250 ms, and past 1000 in flight.
 */
const REQUEST_TIMEOUT = 10_000;
const IN_FLIGHT_LIMIT = 200_000;

export const glide = {
  name: 'glide',
  label: 'valkey-glide',
  role: 'peer',
  package: '@valkey/valkey-glide',
  load: () => import('@valkey/valkey-glide'),
  connectCluster: async ({ GlideClusterClient, ClusterBatch }, addresses) => {
    const redis = await GlideClusterClient.createClient({
      addresses,
      requestTimeout: REQUEST_TIMEOUT,
      inflightRequestsLimit: IN_FLIGHT_LIMIT,
    });
    return {
      get: (key) => redis.get(key),
      set: (key, value) => redis.set(key, value),
      pipelineGet: (keys) => {
        const batch = new ClusterBatch(false);
        for (const key of keys) batch.get(key);
        return redis.exec(batch, false);
      },
      close: () => redis.close(),
    };
  },
  connect: async ({ GlideClient, Batch }, { host, port }) => {
    const options = {
      addresses: [{ host, port }],
      requestTimeout: REQUEST_TIMEOUT,
      inflightRequestsLimit: IN_FLIGHT_LIMIT,
    };
    const redis = await GlideClient.createClient(options);
    let subscriber;
    return {
      get: (key) => redis.get(key),
      set: (key, value) => redis.set(key, value),
      mget: (keys) => redis.mget(keys),
      hgetall: (key) => redis.hgetall(key),
      lrange: (key, start, stop) => redis.lrange(key, start, stop),
      refused: (key) => redis.lrange(key, 0, -1).catch((error) => error),
      pipelineGet: (keys) => {
        const batch = new Batch(false);
        for (const key of keys) batch.get(key);
        return redis.exec(batch, false);
      },
      // A listener is given when a glide client is made, so the subscriber is a client of its own.
      subscribe: async (channels, onMessage) => {
        subscriber = await GlideClient.createClient({
          ...options,
          pubsubSubscriptions: {
            channelsAndPatterns: { 0: new Set(channels) },
            callback: ({ message }) => onMessage(message),
          },
        });
      },
      close: () => {
        subscriber?.close();
        redis.close();
      },
    };
  },
};
