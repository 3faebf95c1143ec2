import { Injectable } from '@nestjs/common';
import { RedisClient } from 'nestjs-redwire';

export interface Order {
  id: string;
  customer: string;
  total: number;
}

@Injectable()
export class OrdersService {
  constructor(private readonly redis: RedisClient) {}

  async place(order: Order): Promise<void> {
    const { id, customer, total } = order;
    await this.redis.hset(`order:${id}`, { customer, total });
    await this.redis.zadd('orders:by-total', { score: total, member: id });
    await this.redis.publish('orders.placed', JSON.stringify(order));
  }

  /** The ids of the largest orders. */
  largest(count: number): Promise<string[]> {
    return this.redis.zrange('orders:by-total', 0, count - 1, 'REV');
  }
}
