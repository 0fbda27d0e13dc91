import type { Resources } from '../resource/resources.ts';
import type { RuleKind } from '../rules/rule.ts';
import type { Decision } from './decision-ring.ts';

/** How one of the last calls was decided, and why. */
export interface Explanation {
  readonly atMs: number;
  readonly decision: Decision;
  /** The rule that decided; none where no rule had anything against the call. */
  readonly rule?: string;
  readonly kind?: RuleKind;
  readonly reason: string;
}

/** How the last calls of a resource were decided, newest first; undefined for one that nobody called. */
export function explain(resources: Resources, name: string): Explanation[] | undefined {
  return resources
    .find(name)
    ?.decisions.newest()
    .map(({ atMs, decision, decider, observed, limit, waitMs }) => {
      if (!decider) return { atMs, decision, reason: 'no rule had anything against it' };
      const why = decider.checker.reason(observed, limit);
      const reason = decision === 'waited' ? `it waited ${Math.ceil(waitMs)} ms for its turn` : why;
      return { atMs, decision, rule: decider.id, kind: decider.rule.kind, reason };
    });
}
