import { Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { type Order, orderSchema } from '../orders/order.js';

/** Anybody can publish on the orders' channels: what is no order is refused before it reaches a handler. */
@Injectable()
export class ParseOrderPipe implements PipeTransform<unknown, Order> {
  transform(payload: unknown): Order {
    const { data, error } = orderSchema.safeParse(payload);
    if (error) throw new Error(`What was published is no order: ${z.prettifyError(error)}`);
    return data;
  }
}
