import { Settings } from '@rookery/config';
import { z } from 'zod';

/** Settings of orders, in force as soon as they are published. */
export class OrderSettings extends Settings(
  z.object({
    /** Lines that one order may have. */
    maxItemsPerOrder: z.int().min(1).max(100).default(20),
    /** How long the catalog may take to check an order's films, retries included. */
    catalogTimeoutMs: z.int().min(50).max(10_000).default(2_000),
  }),
) {}
