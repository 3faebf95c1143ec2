import { RedisPool } from 'nestjs-redwire/core';

export async function use(url: string) {
  // #region use
  await using pool = new RedisPool({ url, min: 2, max: 10 });
  await pool.connect(); // opens `min` now; without it they open as they are asked for
  const pong = await pool.use((client) => client.ping());
  const stats = pool.stats(); // { active: 0, idle: 2, waiting: 0, total: 2 }
  // #endregion
  return { pong, stats };
}

export async function acquire(pool: RedisPool, signal: AbortSignal) {
  // #region acquire
  const client = await pool.acquire({ signal });
  try {
    return await client.incr('jobs');
  } finally {
    pool.release(client);
  }
  // #endregion
}
