import type { CheckStatus, Probe } from '../domain/service-record.ts';

/** What was found in a row so far. */
export interface Streak {
  successes: number;
  failures: number;
}

export const NO_STREAK: Streak = { successes: 0, failures: 0 };

/** The streak with one finding more, and the status that it gives; undefined while it takes more of the same. */
export function verdict(
  { successes, failures }: Streak,
  found: CheckStatus,
  { successesBeforePassing, failuresBeforeCritical }: Pick<Probe, 'successesBeforePassing' | 'failuresBeforeCritical'>,
): { streak: Streak; status: CheckStatus | undefined } {
  const failed = found === 'critical';
  const streak = failed ? { successes: 0, failures: failures + 1 } : { successes: successes + 1, failures: 0 };
  const enough = failed ? streak.failures >= failuresBeforeCritical : streak.successes >= successesBeforePassing;
  return { streak, status: enough ? found : undefined };
}
