/** When an instance is left alone for what its calls said, and for how long. */
export interface EjectionRules {
  /** Failures in a row. */
  consecutiveFailures: number;
  /** For how long at first; twice as long each further time. */
  firstMs: number;
  longestMs: number;
  /** The part of the instances that may be out at once; 0 is never one, anything else always allows one. */
  ceiling: number;
}

/** How long an instance is out that was ejected so often before without a good call since. */
export const ejectionMs = (before: number, { firstMs, longestMs }: EjectionRules): number =>
  Math.min(firstMs * 2 ** before, longestMs);

/** Whether one more may go where `ejected` of `all` instances are out. */
export const mayEject = (ejected: number, all: number, ceiling: number): boolean =>
  ceiling > 0 && ejected < Math.max(1, Math.floor(all * ceiling));
