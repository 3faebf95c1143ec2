import { afterEach } from '@jest/globals';
import { RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';

/** Makes clients that come back soon when lost, and destroys them after each test. */
export function clientMaker(
  defaults: () => RedisClientOptions,
): (options?: RedisClientOptions) => RedisClient {
  const open: RedisClient[] = [];
  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });
  return (options = {}) => {
    const client = new RedisClient({ ...defaults(), ...options });
    open.push(client);
    return client;
  };
}

/** Cuts a client's connection on the server, and waits until another one is ready. */
export async function cutAndReturn(client: RedisClient, admin: RedisClient): Promise<void> {
  const ready = new Promise<void>((resolve) => client.once('ready', resolve));
  await admin.call('CLIENT', 'KILL', 'ID', Number(await client.call('CLIENT', 'ID')));
  await ready;
}
