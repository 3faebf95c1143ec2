import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClientError } from 'nestjs-redwire/core';
import { dangerousCommands } from '../../lib/core/commands/commands.generated.js';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import * as guard from './examples/guard.js';

describe('guard.md', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind: SERVER_KINDS[0]! });
  });

  afterAll(() => server.stop());

  it('denied', async () => {
    await using client = guard.denying(server.url);
    await client.set('kept', 1);
    const error = await guard.denied(client);
    expect(error).toBeInstanceOf(RedisClientError);
    expect(error).toMatchObject({
      code: 'DENIED',
      message: expect.stringContaining("FLUSHALL was not sent: the client's guard denies it."),
    });
    expect(await client.exists('kept')).toBe(1);
    expect(client.options.guard.configSet).toBe('warn');
  });

  it('names dangerous commands', () => {
    const known = dangerousCommands();
    expect(Math.abs(Object.keys(known).length - 80)).toBeLessThan(5);
    for (const name of ['keys', 'flushall', 'configGet', 'configSet', 'debug', 'info', 'sort', 'shutdown'])
      expect(known).toHaveProperty(name);
    expect(known).toHaveProperty('slaveof');
    expect(known).toHaveProperty('replicaof');
  });
});
