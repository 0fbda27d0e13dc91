import type { CircuitState } from '../breaker/circuit-breaker.ts';
import type { CircuitChange, Resource } from '../resource/resource.ts';
import type { Resources } from '../resource/resources.ts';
import { DegradeChecker } from '../rules/degrade/degrade.ts';
import type { RuleKind } from '../rules/rule.ts';
import { type Explanation, explained } from './explain.ts';
import { percentileMs } from './latencies.ts';

/** A rule as it stands. */
export interface RuleSnapshot {
  readonly id: string;
  readonly kind: RuleKind;
  readonly shadow: boolean;
  /** Calls refused since it was put there; in shadow, that would have been. */
  readonly refused: number;
  /** Of a degrade rule. */
  readonly circuit?: CircuitState;
}

/** A resource as it stands, as plain JSON. Counts and shares are of the last `seconds`. */
export interface ResourceSnapshot {
  readonly resource: string;
  readonly atMs: number;
  readonly seconds: number;
  readonly inbound: boolean;
  readonly running: number;
  readonly passed: number;
  readonly refused: number;
  readonly shortCircuited: number;
  readonly shadowed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly slow: number;
  readonly perSecond: number;
  /** Share of ended calls that failed or timed out, 0 to 1. */
  readonly errorShare: number;
  readonly slowShare: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  /** Since the start. */
  readonly totals: Resource['totals'];
  /** The least closed of its circuits. */
  readonly circuit: CircuitState;
  readonly circuits: Readonly<Record<string, CircuitState>>;
  /** Newest last. */
  readonly changes: readonly CircuitChange[];
  readonly rules: readonly RuleSnapshot[];
  /** The last calls that a rule refused, or in shadow would have refused, newest first. */
  readonly refusals: readonly Explanation[];
}

const OPENNESS: readonly CircuitState[] = ['closed', 'half-open', 'open'];

/** All resources of a process as they stand now. */
export const snapshot = (resources: Resources): ResourceSnapshot[] =>
  resources.all.map((resource) => snapshotOf(resource, resources.now()));

/** One resource as it stands at `nowMs`. */
export function snapshotOf(resource: Resource, nowMs: number): ResourceSnapshot {
  const { measures, running, name, totals, changes } = resource;
  const { durationMs, latencies, minMs: _min, bestSecond: _best, ...counts } = measures.totals(nowMs);
  const ended = counts.succeeded + counts.failed + counts.timedOut;
  const share = (part: number) => (ended === 0 ? 0 : part / ended);
  const rules = resource.rules.map(
    ({ id, rule, refused, checker }): RuleSnapshot => ({
      id,
      kind: rule.kind,
      shadow: rule.shadow,
      refused,
      ...(checker instanceof DegradeChecker && { circuit: checker.state }),
    }),
  );
  const circuits = Object.fromEntries([
    ...[...resource.circuits].map(([of, { state }]) => [of, state] as const),
    ...rules.flatMap(({ id, circuit, shadow }) => (circuit && !shadow ? [[id, circuit] as const] : [])),
  ]);
  return {
    resource: name,
    atMs: nowMs,
    seconds: measures.seconds,
    inbound: resource.system !== undefined,
    running,
    ...counts,
    perSecond: counts.passed / measures.seconds,
    errorShare: share(counts.failed + counts.timedOut),
    slowShare: share(counts.slow),
    meanMs: share(durationMs),
    p50Ms: percentileMs(latencies, 0.5),
    p90Ms: percentileMs(latencies, 0.9),
    p99Ms: percentileMs(latencies, 0.99),
    totals: { ...totals },
    circuit: OPENNESS[Math.max(0, ...Object.values(circuits).map((state) => OPENNESS.indexOf(state)))] ?? 'closed',
    circuits,
    changes: [...changes],
    rules,
    refusals: resource.refusals.newest().map(explained),
  };
}
