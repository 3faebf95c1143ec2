import 'reflect-metadata';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { getRedisToken, RedisClient } from 'nestjs-redwire';
import {
  describeAbsence,
  eventually,
  findDocker,
  SERVER_KINDS,
  startServer,
  type TestServer,
} from '../support/index.js';
import * as testing from './examples/testing.js';

const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
const docker = await findDocker();
let server: TestServer;
let admin: RedisClient;
let module: TestingModule | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
  process.env.REDIS_URL = server.url;
  admin = new RedisClient(server.url);
});

afterEach(async () => {
  await module?.close();
  module = undefined;
});

afterAll(async () => {
  await admin.close();
  await server.stop();
});

describe('testing.md', () => {
  it('overriding one connection: the other is real', async () => {
    const cache = new testing.FakeRedis();
    cache.values.set('greeting:Ada', 'Good morning, Ada.');
    module = await testing.overrideOne(cache);
    expect(await module.get(testing.Greetings).greet('Ada')).toBe('Good morning, Ada.');
    expect(await module.get(testing.Greetings).greet('Grace')).toBe('Hello, Grace.');
    expect(cache.values.get('greeting:Grace')).toBe('Hello, Grace.');
    expect(await admin.mget('greeted:Ada', 'greeting:Grace')).toEqual(['1', null]);
    expect(module.get(getRedisToken('cache'))).toBe(cache);
  });

  it('a server of the tests, and a database of their own', async () => {
    await admin.set('kept', 'yes');
    module = await testing.withServer(`${server.url}/15`);
    expect(await module.get(testing.Greetings).greet('Ada')).toBe('Hello, Ada.');
    await using other = new RedisClient(`${server.url}/15`);
    expect((await other.keys('*')).toSorted()).toEqual(['greeted:Ada', 'greeting:Ada']);
    expect(await admin.get('kept')).toBe('yes');
  });

  it('a handler, as the method that it is and by a message', async () => {
    module = await testing.withServer(server.url);
    const greetings = module.get(testing.Greetings);
    expect(await testing.handler(greetings)).toEqual(['Hello, Ada.']);
    await testing.publish(module);
    await eventually(() => expect(greetings.heard).toEqual(['Hello, Ada.', 'Hello, Ada.']));
  });

  it('nothing is left open: not by compile(), not by an init() that fails, not after close()', async () => {
    const connected = async (): Promise<number> => (await admin.clientList()).length;
    const before = await connected();
    module = await Test.createTestingModule({ imports: [testing.AppModule] })
      .setLogger(silent)
      .compile();
    expect(await connected()).toBe(before);
    await module.init();
    expect(await connected()).toBeGreaterThan(before);
    await module.close();
    await eventually(async () => expect(await connected()).toBe(before));
    const failing = await Test.createTestingModule({
      imports: [testing.AppModule],
      providers: [
        { provide: 'broken', useValue: { onModuleInit: () => Promise.reject(new Error('broken')) } },
      ],
    })
      .setLogger(silent)
      .compile();
    await expect(failing.init()).rejects.toThrow('broken');
    await failing.close();
    await eventually(async () => expect(await connected()).toBe(before));
  });
});

if (docker.available) {
  describe(`testing.md, Testcontainers (${docker.image})`, () => {
    it('a server in a container', async () => {
      expect(await testing.withContainer(docker.image)).toBe('Hello, Ada.');
    }, 120_000);
  });
} else {
  describeAbsence('docker', docker.reason);
}
