import { z } from 'zod';
import { ruleBase } from '../base.ts';

/** Sentinel's SystemRule: how much the whole process takes on. It stands before everything that comes in. */
export const SystemRule = z
  .strictObject({
    kind: z.literal('system'),
    shadow: ruleBase.shadow,
    /** Load of the machine (one minute); above it calls are refused as far as more run than can be worked off. */
    load: z.number().positive().optional(),
    /** Share of the processor that is busy, 0 to 1; above it the same. */
    cpu: z.number().positive().max(1).optional(),
    /** Mean duration of calls that came in, in ms. */
    rtMs: z.number().positive().optional(),
    /** Calls that run at once. */
    concurrency: z.number().int().min(1).optional(),
    /** Calls that come in in any second. */
    qps: z.number().min(0).optional(),
  })
  .superRefine(({ load, cpu, rtMs, concurrency, qps }, { addIssue }) => {
    if ([load, cpu, rtMs, concurrency, qps].every((limit) => limit === undefined)) {
      addIssue({ code: 'custom', path: [], message: 'one of load, cpu, rtMs, concurrency, qps' });
    }
  });

export type SystemRule = z.output<typeof SystemRule>;
