import { readFileSync } from 'node:fs';
import { RedisClient, type RedisCredentials } from 'nestjs-redwire/core';

export function forms(): RedisClient[] {
  return [
    // #region forms
    new RedisClient(), // localhost:6379
    new RedisClient('redis://redis.internal:6380/2'),
    new RedisClient('redis://app:p%40ssword@redis.internal'),
    new RedisClient('rediss://redis.internal:6380'),
    new RedisClient('redis+unix:///run/redis/redis.sock?db=1'),
    new RedisClient({ host: '::1', port: 6380, database: 2 }),
    new RedisClient({ url: 'redis://redis.internal', clientName: 'orders' }),
    // #endregion
  ];
}

export function tls(url: string, caFile: string): RedisClient {
  // #region tls
  const client = new RedisClient({
    url, // rediss://…
    tls: { ca: readFileSync(caFile) },
  });
  // #endregion
  return client;
}

export function socket(path: string): RedisClient {
  // #region socket
  const client = new RedisClient({ path, database: 1 });
  // #endregion
  return client;
}

export function credentials(url: string, fetchToken: () => Promise<string>): RedisClient {
  // #region credentials
  const client = new RedisClient({
    url,
    credentials: async (): Promise<RedisCredentials> => ({
      username: 'app',
      password: await fetchToken(),
    }),
  });
  // #endregion
  return client;
}

export async function connect(client: RedisClient): Promise<void> {
  // #region connect
  await client.connect(); // the first failed attempt rejects
  await client.connect({ deadline: 30_000 }); // tries for half a minute
  // #endregion
}

export function reconnect(url: string): RedisClient {
  // #region reconnect
  const client = new RedisClient({
    url,
    reconnect: { delay: 50, maxDelay: 5_000, maxAttempts: 100 },
  });
  // #endregion
  return client;
}

export function events(client: RedisClient, log: (line: string) => void): void {
  // #region events
  client
    .on('connect', () => log('connected'))
    .on('ready', () => log('ready'))
    .on('disconnect', ({ reason, error }) => log(`lost (${reason}): ${error.message}`))
    .on('reconnecting', ({ attempt }) => log(`attempt ${attempt} follows`))
    .on('error', (error) => log(error.message));
  // #endregion
}

export async function closing(url: string): Promise<RedisClient[]> {
  // #region close
  const client = new RedisClient(url);
  await client.incr('visits');
  await client.close({ timeout: 1_000 });
  // #endregion

  // #region using
  const used: RedisClient[] = [];
  {
    await using scoped = new RedisClient(url);
    await scoped.incr('visits');
    used.push(scoped);
  } // closed here
  // #endregion
  return [client, ...used];
}
