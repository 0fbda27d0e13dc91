import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

const Seconds = z
  .int()
  .min(0)
  .max(86_400 * 30);

/** What is kept, and for how long beyond what the service says. */
export const ResponseCacheSettings = strictObject({
  name: z.literal('response-cache'),
  /** All routes that name the same number share one store of that size. */
  maxBytes: z
    .int()
    .min(1_024)
    .max(2 ** 36)
    .default(64 * 1024 * 1024),
  /** Longer responses are passed on and not kept. */
  maxEntryBytes: z
    .int()
    .min(1)
    .max(2 ** 30)
    .default(1024 * 1024),
  /** Where a response does not say: a stale one is given out for so long while a fresh one is fetched. */
  staleWhileRevalidateSeconds: Seconds.default(0),
  /** Where a response does not say: a stale one is given out for so long while the service fails. */
  staleIfErrorSeconds: Seconds.default(0),
  /** Time that the service has to say whether a stale response still holds. */
  revalidateTimeoutMs: z.int().min(1).max(60_000).default(5_000),
});

export type ResponseCacheSettings = z.infer<typeof ResponseCacheSettings>;
