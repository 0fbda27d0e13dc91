/** Longest wait between two tries. */
const CAP_MS = 5 * 60_000;

/** Wait after failed try `attempt` (1 is the first): `baseMs`, doubling, up to five minutes. */
export const retryDelayMs = (attempt: number, baseMs: number): number =>
  Math.min(CAP_MS, baseMs * 2 ** Math.min(30, attempt - 1));
