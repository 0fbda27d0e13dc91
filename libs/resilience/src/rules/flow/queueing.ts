import { REFUSED } from '../base.ts';

/** When the next call may pass, after one at `latestMs`, with `spacingMs` between two. */
export const nextPassMs = (latestMs: number, nowMs: number, spacingMs: number): number =>
  Math.max(nowMs, latestMs + spacingMs);

/** How long a call waits for its turn; {@link REFUSED} where that is longer than `maxQueueMs`. */
export function queueWaitMs(latestMs: number, nowMs: number, spacingMs: number, maxQueueMs: number): number {
  const waitMs = nextPassMs(latestMs, nowMs, spacingMs) - nowMs;
  return waitMs > maxQueueMs ? REFUSED : waitMs;
}
