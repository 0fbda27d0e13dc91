/** When instances that are gone from the source are taken out of the target. */
export interface SyncTimes {
  /** One that is missing for so long. */
  removalsAfterMs: number;
  /** None for so long after the source was away, or this process began: instances that it forgot report themselves meanwhile. */
  afterOutageMs: number;
  /** All, when the source was away for so long. */
  giveUpAfterMs: number;
}

/** What is known of whether a registry answers. */
export interface Presence {
  /** Since when it does not answer; undefined while it does. */
  awaySinceMs?: number;
  /** When it was last seen away, or something about it was interrupted. */
  troubleAtMs: number;
}

export const answered = ({ awaySinceMs, troubleAtMs }: Presence, nowMs: number): Presence => ({
  troubleAtMs: awaySinceMs === undefined ? troubleAtMs : nowMs,
});

export const didNotAnswer = ({ awaySinceMs = Number.POSITIVE_INFINITY }: Presence, nowMs: number): Presence => ({
  awaySinceMs: Math.min(awaySinceMs, nowMs),
  troubleAtMs: nowMs,
});

export const isGivenUp = ({ awaySinceMs }: Presence, { giveUpAfterMs }: SyncTimes, nowMs: number): boolean =>
  awaySinceMs !== undefined && nowMs >= awaySinceMs + giveUpAfterMs;

/** From when on an instance may be taken out that is missing since then, if nothing else happens. */
export function removableAtMs(presence: Presence, missingSinceMs: number, times: SyncTimes): number {
  if (presence.awaySinceMs !== undefined) return presence.awaySinceMs + times.giveUpAfterMs;
  return Math.max(missingSinceMs + times.removalsAfterMs, presence.troubleAtMs + times.afterOutageMs);
}
