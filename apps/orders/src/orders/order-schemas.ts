import { z } from 'zod';

/** Lines that an order can have at all; the setting maxItemsPerOrder is at most this. */
const MOST_ITEMS = 100;
const MOST_COPIES = 100;
/** Films of the catalog's data, so that the example of the docs can be ordered as it stands. */
const EXAMPLE_ITEMS = [
  { filmId: 'film-0001', quantity: 1 },
  { filmId: 'film-0002', quantity: 2 },
];

export const NewOrder = z
  .strictObject({
    items: z
      .array(
        z.strictObject({
          filmId: z.string().min(1).max(64).meta({ example: 'film-0001' }),
          quantity: z.int().min(1).max(MOST_COPIES).meta({ example: 1 }),
        }),
      )
      .min(1)
      .max(MOST_ITEMS),
  })
  .meta({ example: { items: EXAMPLE_ITEMS } });

export type NewOrder = z.infer<typeof NewOrder>;

export const OrderId = z.uuid().meta({ example: '7b0f6a3e-6f0d-4c53-9f5e-0d7f8f6f1f55' });

/** The answer to a new order. */
export const PlacedOrder = z.object({ id: OrderId, status: z.literal('placed') });

export type PlacedOrder = z.infer<typeof PlacedOrder>;

const OrderStatus = z.enum(['placed', 'fulfilled']).meta({ example: 'fulfilled' });
const Cents = z.int().meta({ example: 1099, description: 'In cents.' });
const Time = z.iso.datetime().meta({ example: '2026-01-31T12:00:00.000Z' });

/** An order as the API shows it. */
export const Order = z.object({
  id: OrderId,
  status: OrderStatus,
  items: z.array(
    z.object({
      filmId: z.string().meta({ example: 'film-0001' }),
      title: z.string().meta({ example: 'The Land Girls' }),
      quantity: z.int().meta({ example: 1 }),
      priceCents: Cents,
    }),
  ),
  totalCents: Cents,
  placedAt: Time,
  fulfilledAt: Time.optional(),
});

export type Order = z.infer<typeof Order>;

export const OrdersQuery = z.strictObject({
  page: z.coerce.number<string>().int().min(1).max(10_000).default(1).meta({ example: 1 }),
  pageSize: z.coerce.number<string>().int().min(1).max(100).default(20).meta({ example: 20 }),
});

export const OrdersPage = z.object({
  items: z.array(Order.omit({ items: true })),
  page: z.int().meta({ example: 1 }),
  total: z.int().meta({ example: 1 }),
});

export type OrdersPage = z.infer<typeof OrdersPage>;
