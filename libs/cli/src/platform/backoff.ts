const FIRST_MS = 200;
const LONGEST_MS = 10_000;
/** A process that was ready for this long has earned a fresh start. */
const HEALTHY_MS = 30_000;

/** Wait before the restart that follows `crashes` crashes in a row (1 for the first). */
export function restartDelayMs(crashes: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, crashes - 1));
}

/** Crashes in a row, this one included. */
export function crashesInARow(before: number, readyForMs: number): number {
  return readyForMs >= HEALTHY_MS ? 1 : before + 1;
}
