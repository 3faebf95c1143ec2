import { Injectable } from '@nestjs/common';
import { InjectRedisPublisher, RedisClient, RedisPublisher } from 'nestjs-redwire';
import type { ListOrdersDto, OrdersPage } from './dto/list-orders.dto.js';
import type { PlaceOrderDto } from './dto/place-order.dto.js';
import { findMenuItem } from './menu.js';
import { TICKETS } from '../kitchen/tickets.js';
import { EVENTS, KITCHEN } from '../redis/connections.js';
import { orderChannel, type Order, orderSchema } from './order.js';
import type { OrderEvents } from './order-events.js';

const LAST_ID = 'orders:last-id';
const LATEST = 'orders:latest';
const BY_TOTAL = 'orders:by-total';

/**
 * Orders in Redis: a hash each, and two sorted sets over them, by id (which grows with time) and by total.
 */
@Injectable()
export class OrdersService {
  constructor(
    private readonly redis: RedisClient,
    @InjectRedisPublisher(EVENTS) private readonly events: RedisPublisher<OrderEvents>,
    @InjectRedisPublisher(KITCHEN) private readonly kitchen: RedisPublisher,
  ) {}

  async place(dto: PlaceOrderDto): Promise<Order> {
    const order = this.price(await this.redis.incr(LAST_ID), dto);
    // before it is listed, so that what is listed can always be read: in a cluster these keys are on several servers
    await this.redis.hset(orderKey(order.id), toHash(order));
    await Promise.all([
      this.redis.zadd(LATEST, { score: order.id, member: order.id }),
      this.redis.zadd(BY_TOTAL, { score: order.total, member: order.id }),
    ]);
    // the ticket first: it waits in a stream until it is baked, while an event is for whoever listens now
    await this.kitchen.add(TICKETS, order, { field: 'order' });
    await this.events.publish(orderChannel(order.kind), order);
    return order;
  }

  async find(id: number): Promise<Order | undefined> {
    return fromHash(await this.redis.hgetall(orderKey(id)));
  }

  /** The latest first. Pages begin after an id rather than at an offset, so orders that arrive meanwhile shift nothing. */
  async list({ before, limit }: ListOrdersDto): Promise<OrdersPage> {
    const start = before === undefined ? '+inf' : `(${before}`;
    const ids = await this.redis.zrange(LATEST, start, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, limit + 1);
    const orders = await this.read(ids.slice(0, limit));
    return { orders, next: ids.length > limit ? Number(ids[limit - 1]) : null };
  }

  /** The largest first. */
  async top(limit: number): Promise<Order[]> {
    return this.read(await this.redis.zrange(BY_TOTAL, 0, limit - 1, 'REV'));
  }

  private async read(ids: string[]): Promise<Order[]> {
    const hashes = await Promise.all(ids.map((id) => this.redis.hgetall(orderKey(id))));
    return hashes.map(fromHash).filter((order) => order !== undefined);
  }

  private price(id: number, { customer, kind, lines }: PlaceOrderDto): Order {
    const priced = lines.map(({ item, quantity }) => {
      const { name, price } = findMenuItem(item)!;
      return { item, name, quantity, price };
    });
    const total = priced.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    return { id, customer, kind, lines: priced, total, placedAt: new Date().toISOString() };
  }
}

function orderKey(id: number | string): string {
  return `order:${id}`;
}

function toHash({ lines, ...fields }: Order): Record<string, string | number> {
  return { ...fields, lines: JSON.stringify(lines) };
}

function fromHash(hash: Record<string, string>): Order | undefined {
  if (hash.id === undefined) return undefined;
  return orderSchema.parse({
    ...hash,
    id: Number(hash.id),
    total: Number(hash.total),
    lines: JSON.parse(hash.lines ?? '[]'),
  });
}
