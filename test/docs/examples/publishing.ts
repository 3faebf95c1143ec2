import { Injectable, Module } from '@nestjs/common';
import {
  InjectRedisPublisher,
  OnRedisMessage,
  RedisMessageContext,
  RedisModule,
  RedisPublisher,
} from 'nestjs-redwire';
import { RedisClient } from 'nestjs-redwire/core';

export const log: unknown[] = [];

// #region events
interface Order {
  id: string;
  total: number;
}

interface Events {
  'orders.created': Order;
  'orders.cancelled': { id: string };
}

@Injectable()
export class Orders {
  constructor(private readonly publisher: RedisPublisher<Events>) {}

  async create(order: Order): Promise<void> {
    const receivers = await this.publisher.publish('orders.created', order);
    if (receivers === 0) log.push('nobody listens');
  }
}
// #endregion

// #region named
@Injectable()
export class Thumbnails {
  constructor(@InjectRedisPublisher('media') private readonly publisher: RedisPublisher) {}

  async send(image: Buffer): Promise<void> {
    await this.publisher.publish('images', image, { codec: 'buffer', sharded: true });
  }
}
// #endregion

// #region codec
const csv = {
  encode: (row: unknown) => (row as unknown[]).join(','),
  decode: (data: Buffer) => data.toString().split(','),
};

@Injectable()
export class Readings {
  constructor(private readonly publisher: RedisPublisher) {}

  send(...row: number[]): Promise<number> {
    return this.publisher.publish('readings', row, { codec: csv });
  }

  @OnRedisMessage('readings', { codec: csv })
  onReading(row: string[]): void {
    log.push(row);
  }
}
// #endregion

// #region envelope
@Injectable()
export class Mails {
  @OnRedisMessage('orders.created')
  onOrder(order: Order, { id, time, source }: RedisMessageContext): void {
    log.push({ order: order.id, id, source, late: Date.now() - time!.getTime() > 60_000 });
  }
}

@Module({
  imports: [RedisModule.forRoot({ url: process.env.REDIS_URL, clientName: 'shop', envelope: true })],
  providers: [Orders, Mails],
})
export class ShopModule {}
// #endregion

// #region reader
export async function readOne(url: string): Promise<string> {
  await using client = new RedisClient(url);
  for await (const { data } of await client.subscribe('orders.created')) {
    const event = JSON.parse(data) as { specversion: string; type: string; source: string; data: Order };
    return `${event.specversion} ${event.type} of ${event.source}: ${event.data.id}`;
  }
  return 'nothing';
}
// #endregion
