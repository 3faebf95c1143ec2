import { RedisClient, RedisScript } from 'nestjs-redwire/core';

export async function connecting(nodes: string[]) {
  // #region connecting
  const client = new RedisClient({ cluster: { nodes, crossSlot: 'split' } });
  await client.connect();
  // #endregion
  return client;
}

export async function everywhere(client: RedisClient) {
  // #region everywhere
  const keys = await client.dbsize(); // the sum over all masters
  const sha = await client.scriptLoad('return 1'); // at every node
  await client.flushall(); // at every master
  // #endregion
  return [keys, sha];
}

export async function splitting(client: RedisClient) {
  // #region splitting
  const split = client.with({ crossSlot: 'split' });
  await split.mset({ 'user:1': 'Ada', 'user:2': 'Grace' });
  const names = await split.mget('user:1', 'user:2'); // ['Ada', 'Grace']
  // #endregion
  return names;
}

export async function tags(client: RedisClient) {
  // #region tags
  await client.mset({ 'user:{1}:name': 'Ada', 'user:{1}:mail': 'ada@example.com' });
  const renamed = await client.multi((tx) => tx.set('user:{1}:name', 'Ada L.').incr('user:{1}:changes'));
  // #endregion
  return renamed;
}

export async function scanning(client: RedisClient) {
  const stale: string[] = [];
  // #region scanning
  for await (const keys of client.scanIterator({ match: 'session:*', count: 1_000 })) {
    stale.push(...keys);
  }
  // #endregion
  return stale;
}

export async function nodes(client: RedisClient) {
  const seen: string[] = [];
  // #region nodes
  for (const { host, port, role, client: node } of client.nodes()) {
    const { used_memory_human: memory } = (await node.info('memory')).memory!;
    seen.push(`${host}:${port} (${role}) uses ${memory}`);
  }
  // #endregion
  return seen;
}

export async function scripts(client: RedisClient) {
  // #region scripts
  const add = new RedisScript({ lua: "return redis.call('incrby', KEYS[1], ARGV[1])", keys: 1 });
  const pipeline = client.pipeline();
  for (const user of [1, 2, 3]) pipeline.callScript(add, [`visits:${user}`], [1]);
  const visits = await pipeline.exec(); // [1, 1, 1], at three nodes maybe
  // #endregion
  return visits;
}
