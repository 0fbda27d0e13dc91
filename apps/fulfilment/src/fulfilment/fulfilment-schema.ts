import { z } from 'zod';

export const OrderId = z.uuid().meta({ example: '7b0f6a3e-6f0d-4c53-9f5e-0d7f8f6f1f55' });

/** A fulfilled order as the API shows it. */
export const Fulfilment = z.object({
  orderId: OrderId,
  items: z.array(
    z.object({
      filmId: z.string().meta({ example: 'film-0001' }),
      title: z.string().meta({ example: 'The Land Girls' }),
      quantity: z.int().meta({ example: 1 }),
    }),
  ),
  totalCents: z.int().meta({ example: 1099, description: 'In cents.' }),
  fulfilledAt: z.iso.datetime().meta({ example: '2026-01-31T12:00:01.000Z' }),
});

export type Fulfilment = z.infer<typeof Fulfilment>;
