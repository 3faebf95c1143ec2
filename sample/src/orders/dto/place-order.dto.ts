import { z } from 'zod';
import { findMenuItem } from '../menu.js';
import { ORDER_KINDS } from '../order.js';

const text = z.string().trim().min(1, 'must not be empty').max(60, 'is longer than 60 characters');

/** What `POST /orders` takes. Prices are ours, not the customer's. */
export const placeOrderSchema = z.strictObject({
  customer: text,
  kind: z.enum(ORDER_KINDS),
  lines: z
    .array(
      z.strictObject({
        item: text.refine((id) => findMenuItem(id) !== undefined, { error: 'is not on the menu' }),
        quantity: z.int().min(1).max(50),
      }),
    )
    .min(1)
    .max(20),
});

export type PlaceOrderDto = z.infer<typeof placeOrderSchema>;
