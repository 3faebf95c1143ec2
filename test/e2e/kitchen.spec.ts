import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import type { Baked } from '../../sample/src/kitchen/kitchen.service.js';
import type { Tally } from '../../sample/src/board/tally.service.js';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import { Board, croissants } from './support/index.js';

describe.each(SERVER_KINDS)('what the order board does beside taking orders, on %s', (kind) => {
  let server: TestServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind });
    client = new RedisClient(server.url);
  });

  afterAll(async () => {
    await Board.closeAll();
    await client?.close();
    await server?.stop();
  });

  const baked = async (board: Board): Promise<Baked> => (await board.get<Baked>('/kitchen')).body;

  test('the kitchen bakes every order once, however many instances there are', async () => {
    const one = await Board.open(server.url);
    const two = await Board.open(server.url, one.keyPrefix);
    for (let quantity = 1; quantity <= 20; quantity++)
      await (quantity % 2 === 0 ? one : two).place(croissants(quantity));
    await eventually(async () => expect(await baked(one)).toEqual({ orders: 20, pieces: 210 }));
    expect(await baked(two)).toEqual({ orders: 20, pieces: 210 });
    // nothing is left in work
    await eventually(async () =>
      expect(await client.xpending(`${one.keyPrefix}kitchen:tickets`, 'kitchen')).toMatchObject({
        pending: 0,
      }),
    );
  });

  test('a ticket that waited while no instance ran is baked by the next', async () => {
    const first = await Board.open(server.url);
    await first.place();
    await eventually(async () => expect(await baked(first)).toMatchObject({ orders: 1 }));
    await first.close();
    const [entry] = await client.xrange(`${first.keyPrefix}kitchen:tickets`, '-', '+');
    const order = { ...JSON.parse(entry!.fields.order!), id: 2 };
    await client.xadd(`${first.keyPrefix}kitchen:tickets`, '*', { order: JSON.stringify(order) });
    const second = await Board.open(server.url, first.keyPrefix);
    await eventually(async () => expect(await baked(second)).toMatchObject({ orders: 2 }));
  });

  test('keeps the last order of every customer', async () => {
    const board = await Board.open(server.url);
    await board.place({ customer: 'Ada' });
    const { id } = await board.place({ customer: 'Ada' });
    await eventually(async () =>
      expect(await client.hget(`${board.keyPrefix}customers:last-order`, 'Ada')).toBe(String(id)),
    );
  });

  test("an event that is not the service's own reaches no handler", async () => {
    const board = await Board.open(server.url);
    const order = await board.place();
    await eventually(async () => expect((await board.get<Tally>('/orders/tally')).body.orders).toBe(1));
    await client.publish('orders.pickup', JSON.stringify(order));
    await board.place();
    await eventually(async () => expect((await board.get<Tally>('/orders/tally')).body.orders).toBe(2));
    expect((await board.get<Tally>('/orders/tally')).body.orders).toBe(2);
  });

  test('an address that orders too much has to wait', async () => {
    const board = await Board.open(server.url, undefined, 0, { ORDERS_PER_MINUTE: '3' });
    for (let count = 0; count < 3; count++) await board.place();
    const { status, body } = await board.post<{ message: string }>(croissants(1));
    expect({ status, body }).toMatchObject({
      status: 429,
      body: { message: expect.stringContaining('Wait a minute') },
    });
    const [key] = await client.keys(`${board.keyPrefix}orders:limit:*`);
    expect(await client.ttl(key!)).toBeGreaterThan(0);
  });

  test('connections may be three servers', async () => {
    const [events, kitchen] = await Promise.all([startServer({ kind }), startServer({ kind })]);
    try {
      const board = await Board.open(server.url, undefined, 0, {
        EVENTS_REDIS_URL: events.url,
        KITCHEN_REDIS_URL: kitchen.url,
      });
      await board.place();
      await eventually(async () => expect(await baked(board)).toMatchObject({ orders: 1 }));
      await eventually(async () => expect((await board.get<Tally>('/orders/tally')).body.orders).toBe(1));
      await using there = new RedisClient(kitchen.url);
      expect(await there.exists(`${board.keyPrefix}kitchen:tickets`)).toBe(1);
      expect(await client.exists(`${board.keyPrefix}kitchen:tickets`)).toBe(0);
      await kitchen.pause();
      const { status, body } = await board.get<{ details: object }>('/health');
      await kitchen.resume();
      expect({ status, body }).toMatchObject({
        status: 503,
        body: {
          details: {
            redis: {
              connections: {
                default: { status: 'up' },
                events: { status: 'up' },
                kitchen: { status: 'down' },
              },
            },
          },
        },
      });
      await board.close();
    } finally {
      await Promise.all([events.stop(), kitchen.stop()]);
    }
  });
});
