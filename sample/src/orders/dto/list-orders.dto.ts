import { z } from 'zod';
import type { Order } from '../order.js';

const limit = z.coerce.number().int().min(1).max(100);

/** The query of `GET /orders`: orders placed before the one with the id `before`, the latest first. */
export const listOrdersSchema = z.strictObject({
  limit: limit.default(20),
  before: z.coerce.number().int().positive().optional(),
});

export type ListOrdersDto = z.infer<typeof listOrdersSchema>;

/** The query of `GET /orders/top`. */
export const topOrdersSchema = z.strictObject({ limit: limit.default(5) });

export type TopOrdersDto = z.infer<typeof topOrdersSchema>;

export interface OrdersPage {
  orders: Order[];
  /** `before` of the next page; `null` after the last. */
  next: number | null;
}
