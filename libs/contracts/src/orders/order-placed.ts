import { z } from 'zod';
import type { Payload, Topic } from '../topic.ts';

/** An order was accepted and stored. Prices and titles are those of the moment of ordering. */
export const orderPlaced = {
  name: 'order.placed',
  schema: z.object({
    orderId: z.uuid(),
    items: z
      .array(
        z.object({
          filmId: z.string().min(1),
          title: z.string(),
          quantity: z.int().positive(),
          priceCents: z.int().nonnegative(),
        }),
      )
      .min(1),
    totalCents: z.int().nonnegative(),
    placedAt: z.iso.datetime(),
  }),
} as const satisfies Topic;

export type OrderPlaced = Payload<typeof orderPlaced>;
