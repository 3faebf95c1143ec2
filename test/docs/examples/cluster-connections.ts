import { RedisPool, type NodeAddress, type RedisClient } from 'nestjs-redwire/core';

export async function transaction(client: RedisClient) {
  // #region transaction
  const results = await client.watch(
    '{cart:7}:items',
    (tx, watched) =>
      tx.set('{cart:7}:count', (watched['{cart:7}:items'] ?? '').length).incr('{cart:7}:version'),
    { retries: 3 }, // also where the slot moves while the key is watched
  );
  // #endregion
  return results;
}

export async function byHand(client: RedisClient) {
  // #region by-hand
  const results = await client.dedicated(
    async (session) => {
      await session.watch('{cart:7}:count');
      const count = Number(await session.get('{cart:7}:count'));
      await session.multi();
      await session.set('{cart:7}:count', count + 1);
      return session.exec();
    },
    { key: '{cart:7}' }, // the connection goes to the node that has this key
  );
  // #endregion
  return results;
}

export async function pool(nodes: readonly NodeAddress[]) {
  // #region pool
  await using pool = new RedisPool({ cluster: { nodes }, min: 1, max: 10 }); // of each master
  const count = await pool.use((client) => client.incr('{cart:7}:count'), { key: '{cart:7}' });
  await using client = await pool.acquire({ key: 'user:1' });
  await client.set('user:1', 'Ada');
  // #endregion
  return count;
}
