import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Baked } from '../../sample/src/kitchen/kitchen.service.js';
import type { Order } from '../../sample/src/orders/order.js';
import {
  eventually,
  startCluster,
  startSentinel,
  type TestCluster,
  type TestSentinel,
} from '../support/index.js';
import { Board, croissants } from './support/index.js';

const KIND = 'valkey-9.1';
/** How long the servers may take to agree on a new master, and all of the application to have found it. ms */
const FAILOVER = { timeout: 20_000 };

interface ConnectionHealth {
  status: string;
  address: string;
  nodes?: { address: string; latency?: number }[];
}

interface Health {
  status: string;
  details: { redis: { status: string; connections: Record<string, ConnectionHealth> } };
}

afterEach(() => Board.closeAll());

/** Orders are placed, listed, announced and baked by the board itself: everything that the sample does with Redis. */
async function showAll(board: Board, placed: number): Promise<Order> {
  const order = await board.place(croissants(3));
  expect((await board.get(`/orders/${order.id}`)).body).toEqual(order);
  expect((await board.list()).orders[0]).toEqual(order);
  expect((await board.get<Order[]>('/orders/top?limit=1')).body).toEqual([order]);
  await eventually(async () => {
    expect((await board.tally()).orders).toBe(placed);
    expect((await board.get<Baked>('/kitchen')).body.orders).toBe(placed);
  }, FAILOVER);
  expect((await board.get('/health')).status).toBe(200);
  return order;
}

/** Places an order as a patient customer does: a 503 or a late answer is no order, and it is tried once more. */
async function placeAtLast(board: Board): Promise<void> {
  await eventually(async () => expect((await board.post(croissants(1))).status).toBe(201), FAILOVER);
}

describe('the order board on a cluster', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ kind: KIND });
  }, 60_000);

  afterAll(() => cluster.stop());

  test('does all that it does, stays in service while a shard fails over, and goes on', async () => {
    const nodes = cluster.addresses.map(({ host, port }) => `${host}:${port}`).join(',');
    const board = await Board.open('', undefined, 0, { REDIS_CLUSTER_NODES: nodes });
    const first = await showAll(board, 1);
    // the shard that has the list of the latest orders, which every order needs
    const lost = await cluster.masterOf(`${board.keyPrefix}orders:latest`);
    await cluster.kill(lost);
    const answers: { status: number; body: Health }[] = [];
    await eventually(async () => {
      const answer = await board.get<Health>('/health');
      answers.push(answer);
      const { nodes } = answer.body.details.redis.connections['default']!;
      const address = `127.0.0.1:${lost.port}`;
      expect(nodes!.find((node) => node.address === address)).not.toHaveProperty('latency');
    }, FAILOVER);
    await cluster.waitForPromotion(lost);
    answers.push(await board.get<Health>('/health'));
    // an orchestrator that heard otherwise would have taken every instance out of service
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await placeAtLast(board);
    const { orders } = await board.list();
    expect(orders.map(({ id }) => id)).toContain(first.id);
    await eventually(async () => {
      const { status, body } = await board.get<Health>('/health');
      expect([status, body.details.redis.status]).toEqual([200, 'up']);
      expect((await board.get<Baked>('/kitchen')).body.orders).toBeGreaterThanOrEqual(orders.length);
    }, FAILOVER);
  }, 90_000);
});

describe('the order board by Sentinels', () => {
  let setup: TestSentinel;

  beforeAll(async () => {
    setup = await startSentinel({ kind: KIND });
  }, 60_000);

  afterAll(() => setup.stop());

  test('does all that it does, is down while there is no master, and goes on at the next', async () => {
    const sentinels = setup.addresses.map(({ host, port }) => `${host}:${port}`).join(',');
    const board = await Board.open('', undefined, 0, {
      REDIS_SENTINELS: sentinels,
      REDIS_MASTER_NAME: setup.masterName,
    });
    await showAll(board, 1);
    const old = await setup.master();
    await setup.settled();
    await setup.kill(old);
    await eventually(async () => expect((await board.get('/health')).status).toBe(503), FAILOVER);
    const heir = await setup.waitForPromotion(old);
    await placeAtLast(board);
    await eventually(async () => {
      const { status, body } = await board.get<Health>('/health');
      expect([status, body.details.redis.status]).toEqual([200, 'up']);
      const addresses = Object.values(body.details.redis.connections).map(({ address }) => address);
      expect(new Set(addresses)).toEqual(new Set([`127.0.0.1:${heir.port}`]));
    }, FAILOVER);
    const { orders } = await board.list();
    await eventually(
      async () =>
        expect((await board.get<Baked>('/kitchen')).body.orders).toBeGreaterThanOrEqual(orders.length),
      FAILOVER,
    );
  }, 90_000);
});
