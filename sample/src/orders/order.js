import { z } from 'zod';
export const ORDER_KINDS = ['pickup', 'delivery', 'table'];
export const orderSchema = z.object({
  id: z.int().positive(),
  customer: z.string(),
  kind: z.enum(ORDER_KINDS),
  lines: z.array(z.object({ item: z.string(), name: z.string(), quantity: z.int(), price: z.int() })),
  /** In cents, as every amount. */
  total: z.int(),
  placedAt: z.iso.datetime(),
});
/** Where an order is announced. */
export function orderChannel(kind) {
  return `orders.${kind}`;
}
/** Matches the channels of all kinds. */
export const ORDER_CHANNELS = 'orders.*';
