import 'reflect-metadata';
import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { RedisClient, RedisModule, RedisPublisher } from 'nestjs-redwire';
import { PUBLISH_OPTION_NAMES } from '../../lib/publisher/redis-publisher.js';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import { codeOf, readPage, tableBelow } from './support/markdown.js';

const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: TestServer;
let module: TestingModule | undefined;
/** Imported when the address is known: its module reads it from the environment. */
let examples: typeof import('./examples/publishing.js');

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
  process.env.REDIS_URL = server.url;
  examples = await import('./examples/publishing.js');
});

afterEach(async () => {
  await module?.close();
  module = undefined;
  examples.log.length = 0;
});

afterAll(() => server.stop());

async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  module = await Test.createTestingModule(metadata).setLogger(silent).compile();
  return module.init();
}

it('typed events, and what an envelope says of them', async () => {
  const { log, Orders, ShopModule } = examples;
  await start({ imports: [ShopModule] });
  await module!.get(Orders).create({ id: '7', total: 42 });
  await eventually(() =>
    expect(log).toEqual([{ order: '7', id: expect.any(String), source: 'shop', late: false }]),
  );
});

it('the reader that is no Nest application', async () => {
  const { readOne, ShopModule } = examples;
  await start({ imports: [ShopModule] });
  const reading = readOne(server.url);
  const publisher = module!.get(RedisPublisher);
  // the module's own handler is one, the reader the other
  await eventually(async () =>
    expect(await publisher.publish('orders.created', { id: '8', total: 1 })).toBe(2),
  );
  expect(await reading).toBe('1.0 orders.created of shop: 8');
});

it('a connection by name, bytes, a codec of both sides', async () => {
  const { log, Readings, Thumbnails } = examples;
  await start({
    imports: [
      RedisModule.forRoot({ url: server.url }),
      RedisModule.forRoot({ name: 'media', url: server.url }),
    ],
    providers: [Readings, Thumbnails],
  });
  expect(await module!.get(Readings).send(1, 2)).toBe(1);
  await eventually(() => expect(log).toEqual([['1', '2']]));
  const images = await module!.get(RedisClient).ssubscribe('images', { buffers: true });
  await module!.get(Thumbnails).send(Buffer.from([1, 2]));
  expect((await images.next()).value!.data).toEqual(Buffer.from([1, 2]));
  await images.unsubscribe();
});

it('the table of options has those that exist', () => {
  const rows = tableBelow(readPage('docs/publishing.md'), 'Options');
  expect(rows.map(([name]) => codeOf(name!)).toSorted()).toEqual(PUBLISH_OPTION_NAMES.toSorted());
});
