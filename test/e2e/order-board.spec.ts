import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import type { Tally } from '../../sample/src/board/tally.service.js';
import type { Order } from '../../sample/src/orders/order.js';
import { AppConfig } from '../../sample/src/config/app-config.js';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import { Board, croissants } from './support/index.js';

interface BadRequest {
  statusCode: number;
  message: string[];
}

describe.each(SERVER_KINDS)('the order board on %s', (kind) => {
  let server: TestServer;
  let client: RedisClient;
  let board: Board;

  beforeAll(async () => {
    server = await startServer({ kind });
    client = new RedisClient(server.url);
    board = await Board.open(server.url);
  });

  afterAll(async () => {
    await Board.closeAll();
    await client?.close();
    await server?.stop();
  });

  describe('placing an order', () => {
    test('prices it, stores it and tells where it is', async () => {
      const { status, headers, body } = await board.post({
        customer: '  Zoë & Søn ',
        kind: 'delivery',
        lines: [
          { item: 'plum-cake', quantity: 1 },
          { item: 'flat-white', quantity: 3 },
        ],
      });
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.any(Number),
        customer: 'Zoë & Søn',
        kind: 'delivery',
        lines: [
          { item: 'plum-cake', name: 'Plum cake, whole', quantity: 1, price: 2_400 },
          { item: 'flat-white', name: 'Flat white', quantity: 3, price: 380 },
        ],
        total: 3_540,
        placedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      });
      expect(headers.get('location')).toBe(`/orders/${body.id}`);
      expect((await board.get(`/orders/${body.id}`)).body).toEqual(body);
    });

    test('is a hash and two ranks in Redis, under the prefix', async () => {
      const order = await board.place();
      const key = (name: string) => `${board.keyPrefix}${name}`;
      expect(await client.hgetall(key(`order:${order.id}`))).toMatchObject({
        id: String(order.id),
        customer: 'Ada',
        total: '240',
        lines: JSON.stringify(order.lines),
      });
      expect(await client.zscore(key('orders:latest'), String(order.id))).toBe(order.id);
      expect(await client.zscore(key('orders:by-total'), String(order.id))).toBe(240);
    });

    const line = { item: 'croissant', quantity: 1 };
    test.each([
      ['no name', { customer: ' ' }, /^customer: must not be empty/],
      ['a long name', { customer: 'x'.repeat(61) }, /^customer: is longer/],
      ['another kind', { kind: 'drone' }, /^kind: /],
      ['no lines', { lines: [] }, /^lines: /],
      [
        'what is not sold',
        { lines: [{ ...line, item: 'free-lunch' }] },
        /^lines\.0\.item: is not on the menu/,
      ],
      ['a part of a piece', { lines: [{ ...line, quantity: 0.5 }] }, /^lines\.0\.quantity: /],
      ['too many pieces', { lines: [line, { ...line, quantity: 51 }] }, /^lines\.1\.quantity: /],
      ['a price of its own', { lines: [{ ...line, price: 1 }] }, /price/],
    ])('refuses %s', async (_what, change, message) => {
      const { status, body } = await board.post<BadRequest>({ ...croissants(1), ...change });
      expect({ status, message: body.message }).toEqual({
        status: 400,
        message: [expect.stringMatching(message)],
      });
    });

    test('refuses what is no JSON, and no order at all', async () => {
      expect((await board.post('{')).status).toBe(400);
      expect((await board.post([])).status).toBe(400);
      expect((await board.post('null')).status).toBe(400);
    });

    test('stores and counts nothing of what it refused', async () => {
      const count = (await board.tally()).orders;
      const stored = await client.zcard(`${board.keyPrefix}orders:latest`);
      await board.post({ ...croissants(1), kind: 'drone' });
      const placed = await board.place();
      await eventually(async () => expect((await board.tally()).orders).toBe(count + 1));
      expect(await client.zcard(`${board.keyPrefix}orders:latest`)).toBe(stored + 1);
      expect((await board.list('?limit=1')).orders).toEqual([placed]);
    });
  });

  describe('reading orders', () => {
    let shelf: Board;
    let placed: Order[];

    beforeAll(async () => {
      shelf = await Board.open(server.url);
      placed = [];
      for (const quantity of [3, 1, 5, 2, 4]) placed.push(await shelf.place(croissants(quantity)));
    });

    test('gives the latest first', async () => {
      expect(await shelf.list()).toEqual({ orders: placed.toReversed(), next: null });
    });

    test('gives them in pages that new orders do not shift', async () => {
      const first = await shelf.list('?limit=2');
      expect(first.orders).toEqual([placed[4], placed[3]]);
      placed.push(await shelf.place(croissants(1)));
      const second = await shelf.list(`?limit=2&before=${first.next}`);
      expect(second.orders).toEqual([placed[2], placed[1]]);
      const third = await shelf.list(`?limit=2&before=${second.next}`);
      expect(third).toEqual({ orders: [placed[0]], next: null });
    });

    test('gives the largest first', async () => {
      const { body } = await shelf.get<Order[]>('/orders/top?limit=3');
      expect(body.map(({ total }) => total)).toEqual([1_200, 960, 720]);
    });

    test.each([
      '/orders?limit=0',
      '/orders?limit=101',
      '/orders?before=x',
      '/orders?page=2',
      '/orders/top?limit=-1',
      '/orders/x',
    ])('refuses %s', async (path) => {
      expect((await shelf.get(path)).status).toBe(400);
    });

    test('says that there is no such order', async () => {
      expect(await shelf.get('/orders/4711')).toMatchObject({
        status: 404,
        body: { message: 'There is no order 4711.' },
      });
    });
  });

  describe('live', () => {
    test('counts orders by kind as they are announced', async () => {
      const own = await Board.open(server.url);
      const before = await own.tally();
      expect(before).toMatchObject({ orders: 0, total: 0 });
      await Promise.all([
        own.place({ kind: 'pickup' }),
        own.place({ kind: 'table' }),
        own.place({ ...croissants(2), kind: 'table' }),
      ]);
      await eventually(async () =>
        expect(await own.tally()).toMatchObject({
          orders: 3,
          total: 960,
          kinds: {
            pickup: { orders: 1, total: 240 },
            delivery: { orders: 0, total: 0 },
            table: { orders: 2, total: 720 },
          },
        }),
      );
    });

    test('streams the tally at once, then each order and the tally after it', async () => {
      const stream = await board.listen();
      expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
      await eventually(() => expect(stream.events[0]).toMatchObject({ type: 'tally' }));
      const [{ orders: before }] = stream.ofType<Tally>('tally') as [Tally];
      const order = await board.place({ customer: 'Grace' });
      await eventually(() => expect(stream.ofType('order')).toEqual([order]));
      await eventually(() => expect(stream.ofType<Tally>('tally').at(-1)?.orders).toBe(before + 1));
      stream.close();
    });

    test('an order placed at one instance is heard at every other', async () => {
      const other = await Board.open(server.url, board.keyPrefix);
      const stream = await other.listen();
      const order = await board.place({ customer: 'Radia' });
      await eventually(() => expect(stream.ofType('order')).toEqual([order]));
      expect((await other.get(`/orders/${order.id}`)).body).toEqual(order);
      await other.close();
      await stream.ended;
    });

    test('what somebody else publishes there and is no order is passed by', async () => {
      const stream = await board.listen();
      const { orders } = await board.tally();
      for (const data of ['', '{', 'null', '{"id":1}', '\u0000']) await client.publish('orders.pickup', data);
      const order = await board.place();
      await eventually(() => expect(stream.ofType('order')).toEqual([order]));
      expect((await board.tally()).orders).toBe(orders + 1);
      stream.close();
    });
  });

  test('is healthy, and says how Redis is', async () => {
    const { status, body } = await board.get<{ details: { redis: object } }>('/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      details: {
        redis: {
          status: 'up',
          connections: Object.fromEntries(
            ['default', 'events', 'kitchen'].map((name) => [
              name,
              { status: 'up', address: `127.0.0.1:${server.port}`, latency: expect.any(Number) },
            ]),
          ),
        },
      },
    });
  });

  test('serves its page, and lets it load nothing from elsewhere', async () => {
    const page = await fetch(`${board.url}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toBe("default-src 'self'");
    const html = await page.text();
    expect(html).toContain('<title>Order board</title>');
    for (const [, file] of html.matchAll(/(?:href|src)="([^"]+)"/g)) {
      expect((await fetch(new URL(file!, page.url))).status).toBe(200);
    }
  });

  test('closes in order: its streams end, and it leaves no connection behind', async () => {
    const named = async () =>
      (await client.clientList()).filter(({ name }) => name === 'order-board').map(({ id }) => id);
    const others = await named();
    const opened = async () => (await named()).filter((id) => !others.includes(id));
    const own = await Board.open(server.url);
    const stream = await own.listen();
    await own.place();
    // three connections, and what they listen and wait on
    expect((await opened()).length).toBeGreaterThanOrEqual(5);
    const start = performance.now();
    await own.close();
    await stream.ended;
    expect(performance.now() - start).toBeLessThan(2_000);
    await eventually(async () => expect(await opened()).toEqual([]));
  });
});

test('the order board names the setting that is wrong', () => {
  expect(() => AppConfig.from({ PORT: 'eighty' })).toThrow(/PORT/);
  expect(() => AppConfig.from({ ORDERS_PER_MINUTE: 'many' })).toThrow(/ORDERS_PER_MINUTE/);
  expect(AppConfig.from({ PORT: '' }).port).toBe(3000);
});
