/** When an instance stands out by failing more than the others, though not in a row. */
export interface SuccessRateRules {
  /** How often rates are compared; they are of the time since. */
  everyMs: number;
  /** An instance with fewer calls in that time is not judged. */
  minimumCalls: number;
  /** Nobody is judged where fewer instances can be. */
  minimumInstances: number;
  /** How many standard deviations below the mean stand out. */
  deviations: number;
}

/** What is known of one instance. */
export interface RecentCalls {
  recentCalls: number;
  recentFailures: number;
}

/** Those whose success rate stands out downwards, the worst first. */
export function failingMoreThanOthers<T extends RecentCalls>(
  instances: readonly T[],
  { minimumCalls, minimumInstances, deviations }: SuccessRateRules,
): T[] {
  const judged = instances.filter(({ recentCalls }) => recentCalls >= minimumCalls);
  if (judged.length < minimumInstances || judged.length === 0) return [];
  const mean = judged.reduce((sum, each) => sum + rate(each), 0) / judged.length;
  const variance = judged.reduce((sum, each) => sum + (rate(each) - mean) ** 2, 0) / judged.length;
  const limit = mean - deviations * Math.sqrt(variance);
  return judged.filter((each) => rate(each) < limit).sort((a, b) => rate(a) - rate(b));
}

const rate = ({ recentCalls, recentFailures }: RecentCalls): number => 1 - recentFailures / recentCalls;
