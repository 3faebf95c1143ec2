import 'reflect-metadata';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  RedisClient,
  RedisModule,
  RedisPool,
  type RedisDebugSummary,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redwire/terminus';
import { eventually, startSentinel, type TestSentinel } from '../../support/index.js';

describe('an application by Sentinels', () => {
  let setup: TestSentinel;
  let module: TestingModule | undefined;
  let log: string[] = [];
  const write = (text: unknown): void => void log.push(String(text));
  const logger = { log: write, error: write, warn: write, debug: write };

  beforeAll(async () => {
    setup = await startSentinel({ kind: 'redis-8.0' });
  }, 60_000);

  afterEach(async () => {
    await module?.close();
    module = undefined;
    log = [];
  });

  afterAll(() => setup.stop());

  async function start(options: RedisModuleOptions = {}): Promise<TestingModule> {
    const made = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({
          sentinel: { nodes: setup.addresses, masterName: setup.masterName },
          reconnect: { delay: 20, maxDelay: 100 },
          connectDeadline: 10_000,
          ...options,
        }),
        RedisHealthModule,
      ],
    })
      .setLogger(logger)
      .compile();
    // one whose boot failed has closed itself
    return (module = (await made.init()) as TestingModule);
  }

  test.each([
    ['a name that no Sentinel knows', () => ({ nodes: setup.addresses, masterName: 'other' }), /other/],
    [
      'Sentinels that are not there',
      () => ({ nodes: ['127.0.0.1:1'], masterName: 'mymaster' }),
      /127\.0\.0\.1:1\b/,
    ],
  ])('does not start with %s, and says why', async (_what, sentinel, why) => {
    const error = await start({ sentinel: sentinel(), connectDeadline: 500 }).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).toMatch(/^Redis connection "default"/);
    expect(error?.message).toMatch(why);
    expect(error?.message).toContain('The application does not start without it');
    expect(log.filter((line) => line.includes('Redis "default"')).length).toBeLessThan(5);
  });

  test('client and pool go to the master; health and the debug log name it, and the next one', async () => {
    const lines: RedisDebugSummary[] = [];
    const { pool, client, check } = await start({
      pool: { min: 1 },
      debug: (_direction, line) => void lines.push(line),
    }).then((app) => ({
      client: app.get(RedisClient),
      pool: app.get(RedisPool),
      check: async () =>
        (await app.get(RedisHealthIndicator).pingCheck('redis', { timeout: 2_000 }))
          .redis as unknown as object,
    }));
    const master = `127.0.0.1:${(await setup.master()).port}`;
    expect(await check()).toMatchObject({ status: 'up', address: master });
    expect(await client.set('key', 'x')).toBe('OK');
    expect(await pool.use((lent) => lent.get('key'))).toBe('x');
    expect(lines.map(({ text }) => text)).toContain(`SET ? ? (to ${master})`);
    await setup.settled();
    const heir = `127.0.0.1:${(await setup.failover()).port}`;
    expect(heir).not.toBe(master);
    await eventually(async () => expect(await check()).toMatchObject({ status: 'up', address: heir }), {
      timeout: 15_000,
    });
    expect(await client.set('key', 'y')).toBe('OK');
    await eventually(async () => expect(await pool.use((lent) => lent.set('key', 'z'))).toBe('OK'));
    expect(lines.map(({ text }) => text)).toContain(`SET ? ? (to ${heir})`);
  }, 60_000);
});
