import { Injectable, UseGuards } from '@nestjs/common';
import { OnRedisMessage, RedisClient, RedisPayload } from 'nestjs-redwire';
import { OwnEventsGuard } from '../board/own-events.guard.js';
import { EVENTS } from '../redis/connections.js';
import { type Order, ORDER_CHANNELS, orderSchema } from './order.js';

const LAST_ORDERS = 'customers:last-order';

/** Keeps every customer's last order. Each instance of the service hears of it: the last writes what the first did. */
@Injectable()
@UseGuards(OwnEventsGuard)
export class CustomersService {
  constructor(private readonly redis: RedisClient) {}

  @OnRedisMessage(ORDER_CHANNELS, {
    pattern: true,
    connection: EVENTS,
    schema: orderSchema,
    ordered: true,
  })
  async onOrder(@RedisPayload() { customer, id }: Order): Promise<void> {
    await this.redis.hset(LAST_ORDERS, { [customer]: id });
  }
}
