import { RedisClient } from 'nestjs-redwire/core';

export function denying(url: string) {
  // #region deny
  const client = new RedisClient({
    url,
    guard: { keys: 'deny', flushall: 'deny', flushdb: 'deny', configSet: 'warn' },
  });
  // #endregion
  return client;
}

export async function denied(client: RedisClient): Promise<unknown> {
  // #region denied
  // RedisClientError DENIED: FLUSHALL was not sent: the client's guard denies it. …
  const error = await client.flushall().catch((reason: unknown) => reason);
  // #endregion
  return error;
}
