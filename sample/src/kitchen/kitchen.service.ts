import { Injectable } from '@nestjs/common';
import { InjectRedis, OnRedisStream, RedisClient, RedisPayload } from 'nestjs-redwire';
import { type Order, orderSchema } from '../orders/order.js';
import { KITCHEN } from '../redis/connections.js';
import { TICKETS } from './tickets.js';

const BAKED = 'kitchen:baked';

export interface Baked {
  orders: number;
  pieces: number;
}

/** Bakes what is ordered: each ticket once among all instances of the service, and again where one died over it. */
@Injectable()
export class KitchenService {
  constructor(@InjectRedis(KITCHEN) private readonly redis: RedisClient) {}

  @OnRedisStream(TICKETS, { group: 'kitchen', connection: KITCHEN, field: 'order', schema: orderSchema })
  async bake(@RedisPayload() order: Order): Promise<void> {
    const pieces = order.lines.reduce((sum, { quantity }) => sum + quantity, 0);
    // written by the order's number: a ticket that comes twice is baked once
    await this.redis.hset(BAKED, { [order.id]: pieces });
  }

  async baked(): Promise<Baked> {
    const pieces = await this.redis.hvals(BAKED);
    return { orders: pieces.length, pieces: pieces.reduce((sum, count) => sum + Number(count), 0) };
  }
}
