import { type CallFacts, type Checker, REFUSED } from '../base.ts';
import type { SystemRule } from './schema.ts';

/** What a system rule sees of the process and its machine. */
export interface SystemFacts {
  readonly load: number;
  readonly cpu: number;
  readonly running: number;
  readonly meanMs: number;
  readonly minMs: number;
  /** Successes of the best second. */
  readonly bestSecond: number;
  refresh(nowMs: number): void;
  passes(nowMs: number): number;
}

/**
 * Whether more runs than can be worked off, after BBR: what the best second did, times the shortest duration, is what fits
 * into the pipe; all else stands in a queue.
 */
export const isOverfull = (running: number, bestSecond: number, minMs: number): boolean =>
  running > 1 && running > (bestSecond * minMs) / 1_000;

type Limited = Exclude<keyof SystemRule, 'kind' | 'shadow'>;
const UNITS: Record<Limited, string> = {
  load: 'is the load of the machine, and more runs than can be worked off',
  cpu: 'of the processor is busy, and more runs than can be worked off',
  rtMs: 'ms is the mean duration of what came in',
  concurrency: 'calls are running',
  qps: 'calls came in in the last second',
};

/** Sentinel's system protection, for calls that come into the process. */
export class SystemChecker implements Checker {
  observed = 0;
  limit = 0;
  readonly #rule: SystemRule;
  readonly #system: SystemFacts;
  #exceeded: Limited = 'qps';

  constructor(rule: SystemRule, system: SystemFacts) {
    this.#rule = rule;
    this.#system = system;
  }

  check(_facts: CallFacts, nowMs: number): number {
    const { load, cpu, rtMs, concurrency, qps } = this.#rule;
    const system = this.#system;
    system.refresh(nowMs);
    if (qps !== undefined && system.passes(nowMs) + 1 > qps) return this.#refuse('qps', system.passes(nowMs), qps);
    if (concurrency !== undefined && system.running >= concurrency) {
      return this.#refuse('concurrency', system.running, concurrency);
    }
    if (rtMs !== undefined && system.running > 0 && system.meanMs > rtMs) {
      return this.#refuse('rtMs', system.meanMs, rtMs);
    }
    const overfull = isOverfull(system.running, system.bestSecond, system.minMs);
    if (load !== undefined && overfull && system.load > load) return this.#refuse('load', system.load, load);
    if (cpu !== undefined && overfull && system.cpu > cpu) return this.#refuse('cpu', system.cpu, cpu);
    return 0;
  }

  retryAfterMs(): number {
    return 1_000;
  }

  reason(observed: number, limit: number): string {
    return `${Math.round(observed * 100) / 100} ${UNITS[this.#exceeded]}; the limit is ${limit}`;
  }

  #refuse(what: Limited, observed: number, limit: number): number {
    this.#exceeded = what;
    this.observed = observed;
    this.limit = limit;
    return REFUSED;
  }
}
