import { Injectable, UseGuards } from '@nestjs/common';
import { OnRedisMessage, RedisPayload } from 'nestjs-redwire';
import { type Order, ORDER_CHANNELS, ORDER_KINDS, type OrderKind, orderSchema } from '../orders/order.js';
import { EVENTS } from '../redis/connections.js';
import { OwnEventsGuard } from './own-events.guard.js';

export interface Count {
  orders: number;
  /** In cents. */
  total: number;
}

/** What was heard since this instance began to listen. */
export interface Tally extends Count {
  since: string;
  kinds: Record<OrderKind, Count>;
}

/** Counts the orders as they are announced, whichever instance of the service took them. */
@Injectable()
@UseGuards(OwnEventsGuard)
export class TallyService {
  readonly tally: Tally = {
    since: new Date().toISOString(),
    orders: 0,
    total: 0,
    kinds: Object.fromEntries(ORDER_KINDS.map((kind) => [kind, { orders: 0, total: 0 }])) as Tally['kinds'],
  };

  @OnRedisMessage(ORDER_CHANNELS, { pattern: true, connection: EVENTS, schema: orderSchema })
  onOrder(@RedisPayload() { kind, total }: Order): void {
    for (const count of [this.tally, this.tally.kinds[kind]]) {
      count.orders += 1;
      count.total += total;
    }
  }
}
