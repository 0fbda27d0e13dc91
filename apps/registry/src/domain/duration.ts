const UNITS_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PARTS = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy;

/** Milliseconds of a duration as Go writes them: `1m30s`, `500ms`, `0`; a number is nanoseconds. Undefined when it is none. */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isFinite(duration) && duration >= 0 ? duration / 1e6 : undefined;
  if (typeof duration !== 'string') return undefined;
  if (duration === '0') return 0;
  let totalMs = 0;
  let end = 0;
  for (const [part, number, unit] of duration.matchAll(PARTS)) {
    totalMs += Number(number) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
    end += part.length;
  }
  return end > 0 && end === duration.length && Number.isFinite(totalMs) ? totalMs : undefined;
}
