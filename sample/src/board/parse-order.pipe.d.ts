import { type PipeTransform } from '@nestjs/common';
import { type Order } from '../orders/order.js';
/** Anybody can publish on the orders' channels: what is no order is refused before it reaches a handler. */
export declare class ParseOrderPipe implements PipeTransform<unknown, Order> {
  transform(payload: unknown): Order;
}
