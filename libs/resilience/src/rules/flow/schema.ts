import { z } from 'zod';
import { ruleBase } from '../base.ts';

/** Sentinel's FlowRule: so many calls a second, or so many at once. */
export const FlowRule = z
  .strictObject({
    kind: z.literal('flow'),
    ...ruleBase,
    /** `qps`: calls in any second; `concurrency`: calls that run at once. */
    grade: z.enum(['qps', 'concurrency']).default('qps'),
    limit: z.number().min(0).max(1_000_000),
    /** Counts only the calls of this caller; all when not given. */
    origin: z.string().min(1).optional(),
    /** `direct`: the resource's own calls. `associated`: those of `related`. `chain`: those that came in by `entrance`. */
    strategy: z.enum(['direct', 'associated', 'chain']).default('direct'),
    related: z.string().min(1).optional(),
    entrance: z.string().min(1).optional(),
    behaviour: z.enum(['reject', 'warm-up', 'queueing', 'warm-up-queueing']).default('reject'),
    /** How long a cold resource takes to its full limit. */
    warmUpMs: z.number().int().min(1_000).max(3_600_000).default(10_000),
    /** How many times less a cold resource may do. */
    coldFactor: z.number().min(1.1).max(100).default(3),
    /** Longest wait in the queue. */
    maxQueueMs: z.number().int().min(0).max(60_000).default(500),
  })
  .superRefine((rule, { addIssue }) => {
    if (rule.strategy === 'associated' && rule.related === undefined) {
      addIssue({ code: 'custom', path: ['related'], message: 'the name of the related resource' });
    }
    if (rule.strategy === 'chain' && rule.entrance === undefined) {
      addIssue({ code: 'custom', path: ['entrance'], message: 'the name of the resource by which the calls came in' });
    }
    if (rule.grade === 'concurrency' && rule.behaviour !== 'reject') {
      addIssue({ code: 'custom', path: ['behaviour'], message: '"reject", the only one for calls that run at once' });
    }
    if (rule.behaviour !== 'reject' && rule.limit === 0) {
      addIssue({ code: 'custom', path: ['limit'], message: 'a number > 0 where calls warm up or queue' });
    }
  });

export type FlowRule = z.output<typeof FlowRule>;
