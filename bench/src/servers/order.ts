/**
 * The order that JSON servers check, and what they answer: the same schema and the same sum for all of them.
 *
 * A server imports this only for its JSON: zod takes longer to load than most of the servers, which would then be what is
 * measured of their start-up.
 */

import { z } from 'zod';

export const Order = z.object({
  customer: z.string().min(1).max(100),
  email: z.email(),
  items: z
    .array(
      z.object({
        sku: z.string().regex(/^[A-Z]{2}-\d{4}$/),
        quantity: z.int().min(1).max(1_000),
        price: z.number().nonnegative(),
      }),
    )
    .min(1)
    .max(50),
  express: z.boolean(),
});

export type Order = z.infer<typeof Order>;

export interface Receipt {
  readonly customer: string;
  readonly items: number;
  readonly total: number;
}

export function receipt(order: Order): Receipt {
  let items = 0;
  let total = 0;
  for (const item of order.items) {
    items += item.quantity;
    total += item.quantity * item.price;
  }
  return { customer: order.customer, items, total };
}
