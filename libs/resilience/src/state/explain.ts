import type { PostedRule } from '../resource/posted-rule.ts';
import type { Resources } from '../resource/resources.ts';
import type { RuleKind } from '../rules/rule.ts';
import type { Decided, Decision } from './decision-ring.ts';

/** Characters of a caller's name that are shown. */
const MOST_OF_A_NAME = 64;

/** How one of the last calls was decided, and why. */
export interface Explanation {
  readonly atMs: number;
  readonly decision: Decision;
  /** The rule that decided; none where no rule had anything against the call. */
  readonly rule?: string;
  readonly kind?: RuleKind;
  readonly reason: string;
  /** The subject of the caller's token, of a call that was refused; absent where it is not known. */
  readonly who?: string;
}

/** How the last calls of a resource were decided, newest first; undefined for one that nobody called. */
export function explain(resources: Resources, name: string): Explanation[] | undefined {
  return resources.find(name)?.decisions.newest().map(explained);
}

/** One decision in words. */
export function explained(decided: Decided<PostedRule>): Explanation {
  const { atMs, decision, decider, observed, limit, waitMs, who } = decided;
  if (!decider) return { atMs, decision, reason: 'no rule had anything against it' };
  const why = decider.checker.reason(observed, limit);
  const reason = decision === 'waited' ? `it waited ${Math.ceil(waitMs)} ms for its turn` : why;
  const caller = who === undefined ? {} : { who: who.slice(0, MOST_OF_A_NAME) };
  return { atMs, decision, rule: decider.id, kind: decider.rule.kind, reason, ...caller };
}
