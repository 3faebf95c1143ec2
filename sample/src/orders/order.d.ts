import { z } from 'zod';
export declare const ORDER_KINDS: readonly ['pickup', 'delivery', 'table'];
export declare const orderSchema: z.ZodObject<
  {
    id: z.ZodInt;
    customer: z.ZodString;
    kind: z.ZodEnum<{
      delivery: 'delivery';
      pickup: 'pickup';
      table: 'table';
    }>;
    lines: z.ZodArray<
      z.ZodObject<
        {
          item: z.ZodString;
          name: z.ZodString;
          quantity: z.ZodInt;
          price: z.ZodInt;
        },
        z.core.$strip
      >
    >;
    total: z.ZodInt;
    placedAt: z.ZodISODateTime;
  },
  z.core.$strip
>;
/** An order as it was placed: names and prices are those of that moment. */
export type Order = z.infer<typeof orderSchema>;
export type OrderKind = Order['kind'];
/** Where an order is announced. */
export declare function orderChannel(kind: OrderKind): string;
/** Matches the channels of all kinds. */
export declare const ORDER_CHANNELS = 'orders.*';
