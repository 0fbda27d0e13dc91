import { z } from 'zod';
import type { Payload, Topic } from '../topic.ts';

/** Everything in the order has been handed over. */
export const orderFulfilled = {
  name: 'order.fulfilled',
  schema: z.object({
    orderId: z.uuid(),
    fulfilledAt: z.iso.datetime(),
  }),
} as const satisfies Topic;

export type OrderFulfilled = Payload<typeof orderFulfilled>;
