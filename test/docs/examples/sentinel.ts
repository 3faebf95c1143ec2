import { RedisClient, RedisPool } from 'nestjs-redwire/core';

export interface Setting {
  readonly password: string;
  readonly sentinelPassword: string;
  readonly ca: string;
}

export function basic() {
  // #region basic
  const client = new RedisClient({
    sentinel: {
      nodes: ['sentinel-1.internal', 'sentinel-2.internal:26379', { host: '10.0.0.3', port: 26379 }],
      masterName: 'mymaster',
    },
  });
  // #endregion
  return client;
}

export function pool(nodes: readonly string[]) {
  // #region pool
  const pool = new RedisPool({ sentinel: { nodes, masterName: 'mymaster' }, min: 2, max: 10 });
  // #endregion
  return pool;
}

export function secured({ password, sentinelPassword, ca }: Setting, nodes: readonly string[]) {
  // #region secured
  const client = new RedisClient({
    // of the master and its replicas
    username: 'default',
    password,
    tls: { ca },
    sentinel: {
      nodes,
      masterName: 'mymaster',
      // of the Sentinels: without these they are spoken to without a password and without TLS
      password: sentinelPassword,
      tls: { ca },
    },
  });
  // #endregion
  return client;
}

export function mapped(nodes: readonly string[]) {
  // #region nat
  const client = new RedisClient({
    sentinel: {
      nodes,
      masterName: 'mymaster',
      natMap: {
        '10.0.0.11:6379': { host: 'redis.example.com', port: 16379 },
        '10.0.0.12:6379': { host: 'redis.example.com', port: 26379 },
      },
    },
  });
  // #endregion
  return client;
}

export async function replicas(client: RedisClient) {
  // #region replicas
  await client.set('greeting', 'hello');
  const greeting = await client.replicas.get('greeting'); // null, as long as the replica has not heard of it
  // #endregion
  return greeting;
}

export async function certain(client: RedisClient) {
  // #region certain
  const [, confirmed] = await client.dedicated(async (session) => [
    await session.set('order:7', 'paid'),
    await session.wait(1, 500), // replicas that have it; waits for one, 500 ms at the most
  ]);
  if (confirmed === 0) console.warn('order:7 is known to the master alone.');
  // #endregion
  return confirmed;
}
