import { readSettings } from '@rookery/service';
import { z } from 'zod';

/** Token of {@link WatchLimits}. */
export const WATCH_LIMITS = Symbol('config-center.watch-limits');

export interface WatchLimits {
  /** Streams of one replica at most. */
  maxWatchers: number;
  /** Distance of the heartbeats on a stream. */
  heartbeatMs: number;
  /** A stream is ended at about this age, so that load spreads and a forgotten one does not stay. */
  maxAgeMs: number;
  /** A stream whose instance has not reported for so long is ended: nobody reads it any more. */
  silentInstanceMs: number;
  /** Distance of the slow catch-up reads, for a Postgres that cannot notify (behind a transaction pooler). */
  catchUpMs: number;
}

const number = (least: number, most: number, otherwise: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return z.coerce.number(expected).int(expected).min(least, expected).max(most, expected).default(otherwise);
};

const Variables = z.object({
  WATCH_MAX_STREAMS: number(1, 1_000_000, 20_000),
  WATCH_HEARTBEAT_MS: number(100, 60_000, 5_000),
  WATCH_MAX_AGE_MS: number(1_000, 86_400_000, 900_000),
  WATCH_SILENT_INSTANCE_MS: number(1_000, 3_600_000, 60_000),
});

/** The limits as the environment sets them. */
export function readWatchLimits(): WatchLimits {
  const read = readSettings(Variables);
  return {
    maxWatchers: read.WATCH_MAX_STREAMS,
    heartbeatMs: read.WATCH_HEARTBEAT_MS,
    maxAgeMs: read.WATCH_MAX_AGE_MS,
    silentInstanceMs: read.WATCH_SILENT_INSTANCE_MS,
    catchUpMs: 30_000,
  };
}
