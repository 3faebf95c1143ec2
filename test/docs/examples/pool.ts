import { RedisPool } from 'nestjs-redwire/core';

export async function use(url: string) {
  // #region use
  await using pool = new RedisPool({ url, min: 2, max: 10 });
  await pool.connect(); // opens `min` now; without it they open as they are asked for
  const pong = await pool.use((client) => client.ping());
  const stats = pool.stats(); // { active: 0, idle: 2, waiting: 0, total: 2, min: 2, max: 10 }
  // #endregion
  return { pong, stats };
}

export async function acquire(pool: RedisPool, signal: AbortSignal) {
  // #region acquire
  await using client = await pool.acquire({ signal });
  return await client.incr('jobs');
  // #endregion
}

export async function release(pool: RedisPool) {
  // #region release
  const client = await pool.acquire();
  try {
    return await client.incr('jobs');
  } finally {
    pool.release(client);
  }
  // #endregion
}

export async function state(pool: RedisPool, signal: AbortSignal) {
  // #region state
  const results = await pool.use(
    async (client) => {
      await client.watch('stock');
      const stock = Number(await client.get('stock'));
      await client.multi();
      await client.set('stock', stock - 1);
      return client.exec();
    },
    { signal }, // gives up the wait for a free one
  );
  // #endregion
  return results;
}
