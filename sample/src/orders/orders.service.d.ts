import { RedisClient } from 'nestjs-redwire';
import type { ListOrdersDto, OrdersPage } from './dto/list-orders.dto.js';
import type { PlaceOrderDto } from './dto/place-order.dto.js';
import { type Order } from './order.js';
/**
 * Orders in Redis: a hash each, and two sorted sets over them, by id (which grows with time) and by total.
 */
export declare class OrdersService {
  private readonly redis;
  constructor(redis: RedisClient);
  place(dto: PlaceOrderDto): Promise<Order>;
  find(id: number): Promise<Order | undefined>;
  /** The latest first. Pages begin after an id rather than at an offset, so orders that arrive meanwhile shift nothing. */
  list({ before, limit }: ListOrdersDto): Promise<OrdersPage>;
  /** The largest first. */
  top(limit: number): Promise<Order[]>;
  private read;
  private price;
}
