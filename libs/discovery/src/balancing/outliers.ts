import { type EjectionRules, ejectionMs, mayEject } from './ejection.ts';
import type { InstanceLoad } from './instance-load.ts';
import { failingMoreThanOthers, type SuccessRateRules } from './success-rate.ts';

/** Ejects instances of a service by what their calls said. */
export class Outliers {
  #comparedAtMs: number;

  constructor(
    private readonly rules: EjectionRules & { successRate?: SuccessRateRules | undefined },
    nowMs: number,
  ) {
    this.#comparedAtMs = nowMs;
  }

  /** A call to `load`, one of `all`, has ended. */
  ended(load: InstanceLoad, all: readonly InstanceLoad[], nowMs: number): void {
    // Calls that fail together are one failure.
    if (load.failures >= this.rules.consecutiveFailures && nowMs >= load.ejectedUntilMs)
      this.#eject(load, all, nowMs, true);
    const { successRate } = this.rules;
    if (successRate && nowMs - this.#comparedAtMs >= successRate.everyMs) this.#compare(all, successRate, nowMs);
  }

  #compare(all: readonly InstanceLoad[], rules: SuccessRateRules, nowMs: number): void {
    this.#comparedAtMs = nowMs;
    for (const load of failingMoreThanOthers(all, rules)) {
      if (!load.isEjected(nowMs)) this.#eject(load, all, nowMs, false);
    }
    for (const load of all) {
      if (!load.isEjected(nowMs) && !load.isOnTrial && load.ejections > 0) load.ejections--;
      load.recentCalls = 0;
      load.recentFailures = 0;
    }
  }

  #eject(load: InstanceLoad, all: readonly InstanceLoad[], nowMs: number, onTrial: boolean): void {
    let others = 0;
    for (const each of all) if (each !== load && (each.isOnTrial || each.isEjected(nowMs))) others++;
    if (mayEject(others, all.length, this.rules.ceiling))
      load.eject(nowMs + ejectionMs(load.ejections, this.rules), onTrial);
  }
}
