import { z } from 'zod';
import { AuthorityRule } from './authority/schema.ts';
import { ClusterFlowRule } from './cluster-flow/schema.ts';
import { DegradeRule } from './degrade/schema.ts';
import { FlowRule } from './flow/schema.ts';
import { HotParameterRule } from './hot-parameter/schema.ts';
import { SystemRule } from './system/schema.ts';

/** Any rule. Its `kind` says which. */
export const Rule = z.discriminatedUnion('kind', [
  AuthorityRule,
  SystemRule,
  HotParameterRule,
  FlowRule,
  ClusterFlowRule,
  DegradeRule,
]);

export type Rule = z.output<typeof Rule>;
export type RuleKind = Rule['kind'];

/** The order in which rules are asked, which is Sentinel's. */
export const RULE_ORDER: readonly RuleKind[] = [
  'authority',
  'system',
  'hot-parameter',
  'flow',
  'cluster-flow',
  'degrade',
];

const MOST_RULES = 1_000;

/** Rules by their ids, as settings have them: `{ "orders-a-second": { kind: 'flow', … } }`. */
export const Rules = z
  .record(z.string().regex(/^[\w.-]{1,100}$/), Rule)
  .refine((rules) => Object.keys(rules).length <= MOST_RULES, { message: `at most ${MOST_RULES} rules` });

export type Rules = z.output<typeof Rules>;

/** The part of a service's settings that this library reads: the section `resilience`. */
export const ResilienceSettings = z.strictObject({ rules: Rules.default({}) }).prefault({});

export type ResilienceSettings = z.output<typeof ResilienceSettings>;
