import { Injectable } from '@nestjs/common';
import { OnRedisMessage, RedisClient, RedisPayload, type RedisMessageCodec } from 'nestjs-redwire';

export interface Order {
  id: string;
}

// #region codec
/** `{ pattern, data }`, as the Redis transport of @nestjs/microservices writes events and reads them. */
export const nestEvent = {
  encode: (pattern: string, data: unknown): string => JSON.stringify({ pattern, data }),
  decode: (bytes: Buffer): unknown => {
    const packet = JSON.parse(bytes.toString()) as { pattern?: unknown; data?: unknown } | null;
    // what others publish has no such packet around it
    return packet?.pattern === undefined ? packet : packet.data;
  },
} satisfies RedisMessageCodec & Record<string, unknown>;
// #endregion

// #region handler
@Injectable()
export class Shipping {
  readonly shipped: string[] = [];

  // was: @EventPattern('orders.placed') onOrder(@Payload() order: Order)
  @OnRedisMessage('orders.placed', { codec: nestEvent })
  onOrder(@RedisPayload() order: Order): void {
    this.shipped.push(order.id);
  }
}
// #endregion

// #region publisher
@Injectable()
export class Orders {
  constructor(private readonly redis: RedisClient) {}

  // was: client.emit('orders.placed', order)
  async placed(order: Order): Promise<void> {
    await this.redis.publish('orders.placed', nestEvent.encode('orders.placed', order));
  }
}
// #endregion
