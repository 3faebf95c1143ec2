import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import * as monitor from './examples/monitor.js';

describe.each(SERVER_KINDS)('monitor.md, on %s', (kind) => {
  let server: TestServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind });
    client = new RedisClient(server.url);
    await client.connect();
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('watching', async () => {
    const lines: string[] = [];
    const watching = monitor.watch(client, (line) => lines.push(line));
    await eventually(async () => {
      await client.set('key', 'a b');
      return lines.length > 0;
    });
    await client.flushall();
    expect((await watching).closed).toBe(true);
    expect(lines.find((line) => line.includes('SET'))).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1:\d+ \[0\] SET key a b$/,
    );
    expect(lines.at(-1)).toMatch(/ FLUSHALL $/);
  });

  it('options', async () => {
    const abort = new AbortController();
    const watched = await monitor.options(client, abort.signal);
    await client.echo('x');
    expect((await watched.next()).value).toMatchObject({ command: 'ECHO', args: [Buffer.from('x')] });
    abort.abort();
    await expect(watched.next()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('counting', async () => {
    const calls = await monitor.count(client, async () => {
      for (let index = 0; index < 10; index++) await client.incr('n');
      // its answer may come before the monitor's line of it
      await eventually(async () => (await client.get('n')) === '10');
    });
    expect(calls.get('INCR')).toBe(10);
  });
});
