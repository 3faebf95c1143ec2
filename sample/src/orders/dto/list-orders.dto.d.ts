import { z } from 'zod';
import type { Order } from '../order.js';
/** The query of `GET /orders`: orders placed before the one with the id `before`, the latest first. */
export declare const listOrdersSchema: z.ZodObject<
  {
    limit: z.ZodDefault<z.ZodCoercedNumber<unknown>>;
    before: z.ZodOptional<z.ZodCoercedNumber<unknown>>;
  },
  z.core.$strict
>;
export type ListOrdersDto = z.infer<typeof listOrdersSchema>;
/** The query of `GET /orders/top`. */
export declare const topOrdersSchema: z.ZodObject<
  {
    limit: z.ZodDefault<z.ZodCoercedNumber<unknown>>;
  },
  z.core.$strict
>;
export type TopOrdersDto = z.infer<typeof topOrdersSchema>;
export interface OrdersPage {
  orders: Order[];
  /** `before` of the next page; `null` after the last. */
  next: number | null;
}
