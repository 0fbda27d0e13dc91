import { z } from 'zod';
import { ruleBase } from '../base.ts';

/** Sentinel's cluster flow: one limit for all processes, counted by a token server. */
export const ClusterFlowRule = z.strictObject({
  kind: z.literal('cluster-flow'),
  ...ruleBase,
  /** Calls a second, over all processes. */
  limit: z.number().positive().max(1_000_000),
  /** Calls that may come at once after a quiet time; a twentieth of the limit when not given. */
  burst: z.number().int().min(1).max(1_000_000).optional(),
  /** Calls that a process takes from the server at a time: 1 asks for each call, more asks less often. */
  batch: z.number().int().min(1).max(10_000).default(1),
  /** Processes that share the limit while the server is away; those that the registry knows when not given. */
  instances: z.number().int().min(1).max(10_000).optional(),
});

export type ClusterFlowRule = z.output<typeof ClusterFlowRule>;
