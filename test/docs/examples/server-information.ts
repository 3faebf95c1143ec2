import type { RedisClient } from 'nestjs-redwire/core';

export async function clients(client: RedisClient) {
  // #region clients
  const { id, db, resp } = await client.clientInfo(); // of this connection
  const all = await client.clientList();
  const waiting = all.filter(({ flags }) => flags.includes('b')); // in a blocking command
  const memory = all.reduce((sum, info) => sum + info['tot-mem'], 0); // bytes
  // #endregion
  return { id, db, resp, waiting, memory };
}

export async function nodes(client: RedisClient) {
  // #region nodes
  const nodes = await client.clusterNodes();
  const masters = nodes.filter(({ masterId }) => masterId === null);
  const served = masters
    .flatMap(({ slots }) => slots)
    .reduce((sum, { start, end }) => sum + end - start + 1, 0);
  // #endregion
  return { masters, served };
}

export async function sections(client: RedisClient) {
  // #region info
  const { memory } = await client.info('memory');
  const used = Number(memory!.used_memory); // bytes
  const { maxmemory } = await client.configGet('maxmemory');
  // #endregion
  return { used, maxmemory };
}
