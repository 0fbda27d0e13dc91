/** So many calls a second in the long run, and so many at once. */
export interface RateLimit {
  /** Calls that come back every second; may be a fraction. */
  readonly perSecond: number;
  /** Calls that a key which was quiet may make at once; at least 1. */
  readonly burst: number;
}

/** What a limit says of one call. */
export interface RateDecision {
  readonly allowed: boolean;
  /** Whole calls that could follow at once. */
  readonly remaining: number;
  /** Until the next call is allowed; 0 when one is now. */
  readonly retryAfterMs: number;
  /** Until the whole burst is there again, when nothing more is called. */
  readonly fullAfterMs: number;
}

/** A limit as times. */
export interface Cost {
  /** What one call adds to what is owed. */
  readonly intervalMs: number;
  /** Nobody owes more: in this time an empty bucket is full again. */
  readonly mostMs: number;
}

/** Room for what floating point loses in sums of intervals. */
const TOLERANCE_MS = 1e-6;

export const costOf = ({ perSecond, burst }: RateLimit): Cost => ({
  intervalMs: 1_000 / perSecond,
  mostMs: (burst * 1_000) / perSecond,
});

/**
 * Whether a key that owes `owedMs` may make one more call: the generic cell rate algorithm (ITU-T I.371), which is a token
 * bucket that remembers one number. Each call adds its interval to what is owed, and time pays it off.
 */
export const mayTake = ({ intervalMs, mostMs }: Cost, owedMs: number): boolean =>
  owedMs + intervalMs <= mostMs + TOLERANCE_MS;

/** What to tell a caller, from what the key owes after the decision. */
export function decisionOf({ intervalMs, mostMs }: Cost, owedMs: number, allowed: boolean): RateDecision {
  const remaining = Math.max(0, Math.floor((mostMs - owedMs + TOLERANCE_MS) / intervalMs));
  const retryAfterMs = remaining > 0 ? 0 : Math.max(0, owedMs + intervalMs - mostMs);
  return { allowed, remaining, retryAfterMs, fullAfterMs: owedMs };
}

/** The part of a limit that one of `instances` may give out when they cannot ask each other. */
export const shareOf = ({ perSecond, burst }: RateLimit, instances: number): RateLimit => ({
  perSecond: perSecond / Math.max(1, instances),
  burst: Math.max(1, burst / Math.max(1, instances)),
});
