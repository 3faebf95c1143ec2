import { z } from 'zod';

export const ORDER_KINDS = ['pickup', 'delivery', 'table'] as const;

export const orderSchema = z.object({
  id: z.int().positive(),
  customer: z.string(),
  kind: z.enum(ORDER_KINDS),
  lines: z.array(z.object({ item: z.string(), name: z.string(), quantity: z.int(), price: z.int() })),
  /** In cents, as every amount. */
  total: z.int(),
  placedAt: z.iso.datetime(),
});

/** An order as it was placed: names and prices are those of that moment. */
export type Order = z.infer<typeof orderSchema>;

export type OrderKind = Order['kind'];

/** Where an order is announced. */
export function orderChannel(kind: OrderKind): `orders.${OrderKind}` {
  return `orders.${kind}`;
}

/** Matches the channels of all kinds. */
export const ORDER_CHANNELS = 'orders.*';
