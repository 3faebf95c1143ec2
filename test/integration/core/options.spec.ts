import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { CLIENT_OPTION_NAMES } from '../../../lib/core/check-options.js';
import { clientMaker, FakeServer, shows, type OptionName } from './support/index.js';

/** Every option, and every part of those that have parts: the compiler sees to it that none is missing. */
const EVERY: Record<OptionName, true> = {
  url: true,
  host: true,
  port: true,
  path: true,
  sentinel: true,
  cluster: true,
  username: true,
  password: true,
  credentials: true,
  database: true,
  clientName: true,
  tls: true,
  'tls.ca': true,
  'tls.cert': true,
  'tls.key': true,
  'tls.passphrase': true,
  'tls.pfx': true,
  'tls.rejectUnauthorized': true,
  'tls.servername': true,
  'tls.checkServerIdentity': true,
  'tls.minVersion': true,
  'tls.maxVersion': true,
  'tls.ciphers': true,
  'tls.ALPNProtocols': true,
  protocol: true,
  connectTimeout: true,
  commandTimeout: true,
  socketTimeout: true,
  blockingTimeoutBuffer: true,
  reconnect: true,
  'reconnect.delay': true,
  'reconnect.factor': true,
  'reconnect.maxDelay': true,
  'reconnect.jitter': true,
  'reconnect.maxAttempts': true,
  queueSize: true,
  maxInFlight: true,
  writeBufferSize: true,
  readBufferSize: true,
  pipelineDepth: true,
  maxDedicated: true,
  subscriberConnection: true,
  autoPipelining: true,
  keyPrefix: true,
  guard: true,
  keepAlive: true,
  noDelay: true,
  retry: true,
};

describe('options', () => {
  const make = clientMaker(() => ({}));

  it('each is shown by what it does, in one of these files', () => {
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const sources = readdirSync(folder)
      .filter((name) => /^options\..*spec\.ts$/.test(name))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    const shown = sources.flatMap((source) =>
      [...source.matchAll(/^\s*shows\(\s*'([\w.]+)'/gm)].map(([, name]) => name!),
    );
    expect(Object.keys(EVERY).filter((name) => !shown.includes(name))).toEqual([]);
    expect(CLIENT_OPTION_NAMES.filter((name) => !Object.hasOwn(EVERY, name))).toEqual([]);
  });

  shows('retry', 'decides how often a refused command is sent', async () => {
    await using fake = await FakeServer.start(({ name }) =>
      name === 'GET' ? '-LOADING wait\r\n' : undefined,
    );
    const sent = async (options: Parameters<typeof make>[0]): Promise<number> => {
      const before = fake.count('GET');
      await expect(make({ host: '127.0.0.1', port: fake.port, ...options }).get('k')).rejects.toMatchObject({
        code: 'LOADING',
      });
      return fake.count('GET') - before;
    };
    expect(await sent({})).toBe(4);
    expect(await sent({ retry: 'idempotent' })).toBe(4);
    expect(await sent({ retry: false })).toBe(1);
    expect(await sent({ retry: { attempts: 6, backoff: 0 } })).toBe(7);
    expect(await sent({ retry: (attempt) => (attempt < 2 ? 0 : false) })).toBe(2);
  });
});
