/** How the share of a new instance grows. */
export interface SlowStart {
  windowMs: number;
  /** The part of its weight that it begins with. */
  fromShare: number;
}

/** The part of its weight that an instance of this age takes: a straight line from `fromShare` to 1. */
export function slowStartShare(ageMs: number, { windowMs, fromShare }: SlowStart): number {
  return ageMs >= windowMs ? 1 : fromShare + (1 - fromShare) * Math.max(0, ageMs / windowMs);
}
