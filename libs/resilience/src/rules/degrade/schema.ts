import { z } from 'zod';
import { ruleBase } from '../base.ts';

/** Sentinel's DegradeRule: a resource that is slow or fails is not called for a while. */
export const DegradeRule = z
  .strictObject({
    kind: z.literal('degrade'),
    ...ruleBase,
    /** What is looked at: the share of slow calls, the share of failed ones, or how many failed. */
    measure: z.enum(['slow-ratio', 'error-ratio', 'error-count']),
    /** A share from 0 to 1; for `error-count` a number of calls. Reaching it opens. */
    threshold: z.number().positive(),
    /** A call that takes longer is slow. */
    slowMs: z.number().positive().optional(),
    /** Calls that the window must hold before it can open. */
    minimumCalls: z.number().int().min(1).max(1_000_000).default(5),
    /** Length of the window in time; 1 s when neither length is given. */
    windowMs: z.number().int().min(100).max(3_600_000).optional(),
    /** Length of the window in calls. */
    windowCalls: z.number().int().min(1).max(100_000).optional(),
    /** How long the resource is left alone before one call may try. */
    openMs: z.number().int().min(1).max(3_600_000).default(10_000),
  })
  .superRefine((rule, { addIssue }) => {
    if (rule.measure === 'slow-ratio' && rule.slowMs === undefined) {
      addIssue({ code: 'custom', path: ['slowMs'], message: 'the milliseconds above which a call is slow' });
    }
    if (rule.measure !== 'error-count' && rule.threshold > 1) {
      addIssue({ code: 'custom', path: ['threshold'], message: 'a share from 0 to 1' });
    }
    if (rule.windowMs !== undefined && rule.windowCalls !== undefined) {
      addIssue({ code: 'custom', path: ['windowCalls'], message: 'nothing, since windowMs is given' });
    }
    if (rule.windowCalls !== undefined && rule.windowCalls < rule.minimumCalls) {
      addIssue({ code: 'custom', path: ['windowCalls'], message: 'at least minimumCalls' });
    }
  });

export type DegradeRule = z.output<typeof DegradeRule>;
