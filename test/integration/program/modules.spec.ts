import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineCommands, RedisClient } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { methodsOf, ownFolder, prefixOf, startSentinel, writeModule } from './support/index.js';

const folder = ownFolder();

/** Writes a module and imports it; gives what was said meanwhile. */
async function install(file: string, url: string, ...args: string[]): Promise<string> {
  const path = join(folder, file);
  const { stderr } = await writeModule(path, url, ...args);
  await import(path);
  return stderr;
}

describe.each(SERVER_KINDS)('%s', (kind) => {
  it('all its commands by other names: raw arguments, options, key prefix, pipelines, errors', async () => {
    const prefix = prefixOf(kind);
    await using server = await startServer({ kind });
    expect(await install(`${kind}.ts`, server.url, '--prefix', prefix)).toMatch(
      /^\d{3} commands of (Redis|Valkey) [\d.]+ written to /,
    );
    await using client = new RedisClient({ url: server.url, keyPrefix: 'app:' });
    await using plain = new RedisClient(server.url);
    const own = (name: string, ...args: unknown[]) => methodsOf(client)[prefix + name]!(...args);
    expect(await own('Set', 'k', 'v', 'EX', 100)).toBe('OK');
    expect(await own('Set', 'k', 'w', { xx: true, get: true, ex: 50 })).toBe('v');
    expect(await plain.get('app:k')).toBe('w');
    expect(await plain.ttl('app:k')).toBeLessThanOrEqual(50);
    await expect(own('Set', 'k', 'v', { nx: true, xx: true })).rejects.toThrow(/exclude each other/);
    expect(await own('Zadd', 'z', [{ score: 1, member: 'a' }], { ch: true })).toBe(1);
    expect(await own('Zunionstore', 'u', ['z', 'y'], { weights: [3, 1] })).toBe(1);
    expect(await plain.zscore('app:u', 'a')).toBe(3);
    expect(await own('Sort', 'z', 'BY', 'w_*', 'STORE', 'sorted')).toBe(1);
    expect(await plain.lrange('app:sorted', 0, -1)).toEqual(['a']);
    expect(await own('Xread', { stream: '0' }, { count: 1 })).toBeNull();
    const views = client.pipeline() as unknown as Record<string, (key: string) => typeof views> & {
      exec(): Promise<unknown[]>;
    };
    expect(await views[`${prefix}Get`]!('k')[`${prefix}Strlen`]!('k').exec()).toEqual(['w', 1]);
    expect(await methodsOf(client.buffers)[`${prefix}Get`]!('k')).toEqual(Buffer.from('w'));
    expect(await methodsOf(client.with({ timeout: 5_000 }))[`${prefix}Get`]!('k')).toBe('w');
  });
});

describe('vector sets of Redis 8', () => {
  let server: TestServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' });
    client = new RedisClient({ url: server.url, keyPrefix: 'app:' });
    await install('vector-sets.ts', server.url, '--only', 'V*', '--prefix', 'raw');
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('answer what the server sends, with the key prefix, beside the methods that the client has', async () => {
    const raw = methodsOf(client);
    expect(await raw['rawVadd']!('points', 'VALUES', 2, 1, 0, 'east')).toBe(true);
    expect(await raw['rawVadd']!('points', ['VALUES', 2, 0, 1], 'north')).toBe(true);
    expect(await raw['rawVcard']!('points')).toBe(2);
    expect(await client.vcard('points')).toBe(2);
    expect(await raw['rawVsim']!('points', 'ELE', 'east', 'WITHSCORES')).toMatchObject({ east: 1 });
    expect(await client.vsim('points', 'ELE', 'east', 'COUNT', 1)).toEqual(['east']);
    expect(await raw['rawVemb']!('points', 'east', { raw: true })).toContain('int8');
    expect(await raw['rawVlinks']!('points', 'east', 'WITHSCORES')).toEqual(expect.any(Array));
    await using plain = new RedisClient(server.url);
    expect(await plain.keys('*')).toEqual(['app:points']);
    // read-only by what the server says, so that a lost connection is no loss
    const { VSIM, VADD } = flagsOf('vector-sets.ts');
    expect(VSIM).toContain('IDEMPOTENT');
    expect(VADD).toBe("'WRITE'");
  });
});

/** The flags in a module, by command. */
function flagsOf(file: string): Record<string, string> {
  const module = readFileSync(join(folder, file), 'utf8');
  const found = module.matchAll(/name: '(.+)',\n\s+flags: \[(.*)\]/g);
  return Object.fromEntries([...found].map(([, name, flags]) => [name, flags]));
}

describe.each(SERVER_KINDS)('a Sentinel of %s, whose commands RedisClient has not', (kind) => {
  it('has methods for them', async () => {
    await using sentinel = await startSentinel(kind, folder);
    await using master = await startServer({ kind });
    await install(`sentinel-${kind}.ts`, sentinel.url, '--only', 'SENTINEL *');
    await using client = new RedisClient(sentinel.url);
    const own = methodsOf(client);
    expect(await own['sentinelMonitor']!('here', '127.0.0.1', master.port, 1)).toBe('OK');
    expect(await own['sentinelSet']!('here', { option: 'quorum', value: 2 })).toBe('OK');
    expect(await own['sentinelMaster']!('here')).toMatchObject({ name: 'here', quorum: '2' });
    expect(await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'here')).toEqual([
      '127.0.0.1',
      String(master.port),
    ]);
  });
});

it('a blocking command of which nothing else is known holds up nobody', async () => {
  await using server = await startServer({ kind: SERVER_KINDS[0]! });
  await using client = new RedisClient(server.url);
  // the server takes names in any case; the client knows this one in capitals only
  defineCommands({ takeFirst: { name: 'blpop', flags: ['WRITE', 'BLOCKING'] } });
  const waiting = methodsOf(client)['takeFirst']!('jobs', 0);
  expect(await client.ping()).toBe('PONG');
  expect(await client.rpush('jobs', 'one')).toBe(1);
  expect(await waiting).toEqual(['jobs', 'one']);
});
