import { z } from 'zod';
import { ruleBase } from '../base.ts';

/** Sentinel's AuthorityRule: who may call a resource at all, or who may not. */
export const AuthorityRule = z.strictObject({
  kind: z.literal('authority'),
  ...ruleBase,
  /** `allow`: these and nobody else, an unknown caller included; `deny`: all but these. */
  mode: z.enum(['allow', 'deny']).default('allow'),
  origins: z.array(z.string().min(1)).min(1).max(1_000),
});

export type AuthorityRule = z.output<typeof AuthorityRule>;
