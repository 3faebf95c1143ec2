import { z } from 'zod';
const limit = z.coerce.number().int().min(1).max(100);
/** The query of `GET /orders`: orders placed before the one with the id `before`, the latest first. */
export const listOrdersSchema = z.strictObject({
  limit: limit.default(20),
  before: z.coerce.number().int().positive().optional(),
});
/** The query of `GET /orders/top`. */
export const topOrdersSchema = z.strictObject({ limit: limit.default(5) });
