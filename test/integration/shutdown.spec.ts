import { describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer } from '../support/index.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  it.each([2, 3] as const)(
    'SHUTDOWN ends the server, and its caller hears of it, over RESP%d',
    async (protocol) => {
      await using server = await startServer({ kind });
      await using client = new RedisClient({ url: server.url, protocol, reconnect: false });
      await expect(client.shutdown('ABORT')).rejects.toThrow(/No shutdown in progress/);
      await expect(client.shutdown('NOSAVE')).rejects.toMatchObject({ name: 'RedisConnectionError' });
      await eventually(() => server.state === 'stopped');
    },
  );
});
