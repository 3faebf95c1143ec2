import {
  RedisClient,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisServerError,
  RedisTimeoutError,
} from 'nestjs-redwire/core';

// #region handle
export async function readCache(client: RedisClient, key: string): Promise<string | null> {
  try {
    return await client.get(key);
  } catch (error) {
    // Redis is away or too slow: go on without the cache
    if (error instanceof RedisConnectionError) return null;
    if (error instanceof RedisDisconnectedError) return null;
    if (error instanceof RedisTimeoutError) return null;
    throw error;
  }
}
// #endregion

export async function codes(client: RedisClient): Promise<string> {
  // #region codes
  await client.set('name', 'Ada');
  try {
    await client.lpush('name', 'x');
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return `${error.code} by ${error.command}`; // 'WRONGTYPE by LPUSH'
  }
  // #endregion
  throw new Error('LPUSH did not fail.');
}

export function policies(url: string): RedisClient[] {
  // #region retry
  const never = new RedisClient({ url, retry: false });
  const patient = new RedisClient({ url, retry: { attempts: 10, backoff: 200 } });
  const own = new RedisClient({
    url,
    // for every failed command, writes too: here only while the server loads its data
    retry: (attempt, error) => (error.code === 'LOADING' && attempt <= 20 ? 500 : false),
  });
  // #endregion
  return [never, patient, own];
}
