import { isDeepStrictEqual } from 'node:util';
import type { CircuitState } from '../breaker/circuit-breaker.ts';
import type { RateStore } from '../rate-limit/cluster-rate-limiter.ts';
import { AuthorityChecker } from '../rules/authority/authority.ts';
import type { Checker } from '../rules/base.ts';
import { ClusterFlowChecker } from '../rules/cluster-flow/cluster-flow.ts';
import { DegradeChecker } from '../rules/degrade/degrade.ts';
import { FlowChecker, type Traffic } from '../rules/flow/flow.ts';
import { HotParameterChecker } from '../rules/hot-parameter/hot-parameter.ts';
import type { Rule } from '../rules/rule.ts';
import { SystemChecker, type SystemFacts } from '../rules/system/system.ts';

/** A rule that stands before a resource. */
export interface PostedRule {
  readonly id: string;
  readonly rule: Rule;
  readonly checker: Checker;
  /** What it said of the call that is being decided. */
  verdict: number;
  /** Calls refused, or, in shadow, that would have been. */
  refused: number;
}

/** What rules see of the process and of other resources. */
export interface Surroundings {
  readonly system: SystemFacts;
  readonly store: RateStore;
  readonly clock: () => number;
  instances(): number;
  /** The traffic of a resource, which is made when it is not there. */
  traffic(resource: string): Traffic;
  /** A rule's circuit has changed. */
  changed(resource: string, rule: string, state: CircuitState, nowMs: number): void;
}

/** Puts a rule to work. One that has not changed goes on as it is; a changed limit goes on from what was counted. */
export function postRule(id: string, rule: Rule, previous: PostedRule | undefined, around: Surroundings): PostedRule {
  if (previous && isDeepStrictEqual(previous.rule, rule)) return previous;
  return { id, rule, checker: checkerOf(id, rule, previous?.checker, around), verdict: 0, refused: 0 };
}

function checkerOf(id: string, rule: Rule, previous: Checker | undefined, around: Surroundings): Checker {
  switch (rule.kind) {
    case 'authority':
      return new AuthorityChecker(rule);
    case 'system':
      return new SystemChecker(rule, around.system);
    case 'hot-parameter':
      return new HotParameterChecker(rule);
    case 'flow': {
      const traffic = around.traffic(rule.strategy === 'associated' ? (rule.related ?? rule.resource) : rule.resource);
      return new FlowChecker(rule, traffic, previous instanceof FlowChecker ? previous : undefined);
    }
    case 'cluster-flow':
      return new ClusterFlowChecker(rule, { id, ...around, instances: () => around.instances() });
    case 'degrade':
      return new DegradeChecker(rule, (state, nowMs) => around.changed(rule.resource, id, state, nowMs));
  }
}
