export interface BackOff {
  /** Longest first pause, in ms. */
  baseMs: number;
  /** No pause is longer. */
  capMs: number;
}

/** No pause is shorter. */
const SHORTEST_MS = 20;

/**
 * Pause before the next try: anything up to a ceiling that doubles with each failure, so that a thousand clients which
 * lost one server at the same moment do not come back at the same moment.
 * @param failures in a row so far, at least 1
 */
export function backOffMs(failures: number, { baseMs, capMs }: BackOff, random: () => number = Math.random): number {
  const ceilingMs = Math.min(baseMs * 2 ** Math.min(failures - 1, 30), capMs);
  return SHORTEST_MS + random() * Math.max(ceilingMs - SHORTEST_MS, 0);
}
