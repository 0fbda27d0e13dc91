import { z } from 'zod';
import { ruleBase } from '../base.ts';

/** Sentinel's ParamFlowRule: a limit for each value of one parameter. */
export const HotParameterRule = z.strictObject({
  kind: z.literal('hot-parameter'),
  ...ruleBase,
  /** Name of the parameter (of the path, the query, the message), or its place among the arguments. */
  parameter: z.union([z.string().min(1), z.number().int().min(0)]),
  /** `qps`: calls in any window; `concurrency`: calls that run at once. */
  grade: z.enum(['qps', 'concurrency']).default('qps'),
  /** For each value. */
  limit: z.number().int().min(0).max(1_000_000),
  windowMs: z.number().int().min(10).max(3_600_000).default(1_000),
  /** Other limits for some values. */
  exceptions: z
    .array(
      z.strictObject({
        value: z.union([z.string(), z.number(), z.boolean()]),
        limit: z.number().int().min(0).max(1_000_000),
      }),
    )
    .max(10_000)
    .default([]),
  /** Values that are counted; of more, the one that was not seen for longest is forgotten. */
  maxValues: z.number().int().min(1).max(100_000).default(10_000),
});

export type HotParameterRule = z.output<typeof HotParameterRule>;
