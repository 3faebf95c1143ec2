import { z } from 'zod';
/** What `POST /orders` takes. Prices are ours, not the customer's. */
export declare const placeOrderSchema: z.ZodObject<
  {
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
          quantity: z.ZodInt;
        },
        z.core.$strict
      >
    >;
  },
  z.core.$strict
>;
export type PlaceOrderDto = z.infer<typeof placeOrderSchema>;
