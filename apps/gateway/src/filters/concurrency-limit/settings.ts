import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

/** How the limit of each service is learnt. */
export const ConcurrencyLimitSettings = strictObject({
  name: z.literal('concurrency-limit'),
  /** Never less, never more, and to begin with. */
  minLimit: z.int().min(1).max(100_000).default(4),
  maxLimit: z.int().min(1).max(100_000).default(1_000),
  initialLimit: z.int().min(1).max(100_000).default(50),
  /** Answers may take so many times as long as those of a service at rest. */
  tolerance: z.number().min(1.1).max(10).default(1.5),
}).superRefine(({ minLimit, maxLimit, initialLimit }, context) => {
  if (minLimit > initialLimit || initialLimit > maxLimit)
    context.addIssue({
      code: 'custom',
      path: ['initialLimit'],
      message: 'expected a number from minLimit to maxLimit',
    });
});

export type ConcurrencyLimitSettings = z.infer<typeof ConcurrencyLimitSettings>;
