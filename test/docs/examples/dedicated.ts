import type { RedisClient } from 'nestjs-redwire/core';

export async function lend(client: RedisClient): Promise<number> {
  // #region lend
  const keys = await client.dedicated(async (session) => {
    await session.call('SELECT', 2);
    return session.dbsize();
  });
  // #endregion
  return keys;
}

export async function apart(client: RedisClient, bulk: readonly Buffer[]): Promise<unknown> {
  // #region apart
  const loading = client.dedicated(async (session) => {
    for (const [id, bytes] of bulk.entries()) await session.set(`image:${id}`, bytes);
  });
  const pong = await client.ping(); // does not wait behind the images
  await loading;
  // #endregion
  return pong;
}

export async function kept(client: RedisClient): Promise<string> {
  // #region released
  const session = await client.dedicated((lent) => lent); // do not keep it
  const error = await session.ping().catch((reason: unknown) => reason);
  // RedisClientError RELEASED: nothing was sent, for this client was given back already
  // #endregion
  return String(error);
}
