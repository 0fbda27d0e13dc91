/** Heartbeats that are wanted in one slot come together: what wakes up for one takes the others with it. */
const SLOT_MS = 250;
/** Each is wanted up to this share sooner, at random, so that those who came at once do not go on doing so. */
const SPREAD = 0.2;
/** Of the time between two heartbeats, so that a short one has many slots as well. */
const MOST_OF_TIME = 0.1;

/**
 * In how many milliseconds the next heartbeat is wanted: at the beginning of a slot, `everyMs` at most from now. A process
 * that wakes up for a single heartbeat pays several times what one of many costs, since all that it needs left the
 * processor's caches meanwhile.
 */
export function nextHeartbeatMs(everyMs: number, nowMs: number, random: () => number = Math.random): number {
  const slotMs = Math.min(SLOT_MS, everyMs * MOST_OF_TIME);
  const wantedAtMs = nowMs + everyMs * (1 - SPREAD * random());
  const waitMs = Math.ceil(Math.floor(wantedAtMs / slotMs) * slotMs - nowMs);
  return Math.max(1, Math.min(waitMs, Math.floor(everyMs)));
}
