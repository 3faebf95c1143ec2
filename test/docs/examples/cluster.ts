import { RedisClient } from 'nestjs-redwire/core';

export async function oneLine(host: string, port: number) {
  // #region one-line
  await using client = new RedisClient({ host, port, cluster: {} }); // one node; it tells of the others
  await client.set('user:1', 'Ann');
  // #endregion
  return await client.get('user:1');
}

export async function nodes(one: string, other: string) {
  // #region nodes
  await using client = new RedisClient({
    cluster: {
      nodes: [one, other], // 'host:port', or { host, port }: as many as you know, one alive is enough
    },
  });
  await client.connect({ deadline: 10_000 }); // not needed, but it fails early
  // #endregion
  return client.status;
}

export async function nat(one: string, map: Record<string, { host: string; port: number }>) {
  // #region nat
  await using client = new RedisClient({
    cluster: {
      nodes: [one],
      natMap: (address) => map[`${address.host}:${address.port}`], // as the nodes call each other → as you reach them
    },
  });
  // #endregion
  return await client.set('through', 'proxy');
}

export async function reads(one: string) {
  // #region reads
  await using client = new RedisClient({
    cluster: { nodes: [one], readFrom: 'preferReplica' },
  });
  await client.get('news'); // by a replica of its slot, where one is ready; it may be behind its master
  // #endregion
  return client.status;
}

export async function together(client: RedisClient) {
  // #region together
  await client.mset({ '{cart:7}:items': '3', '{cart:7}:total': '42' }); // what is in braces decides on the slot
  const [items, total] = await client.mget('{cart:7}:items', '{cart:7}:total');
  // #endregion
  return { items, total };
}
