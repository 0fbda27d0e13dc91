import type { Probe } from './side.ts';

export interface Cut {
  /** Times of the machine's monotonic clock, in ms. */
  fromMs: number;
  untilMs: number;
}

/** Tries of one kind that ended, and those that did not. */
export interface Count {
  sent: number;
  answered: number;
}

/** What one side saw while the network was cut. */
export interface Tally {
  reads: Count;
  writes: Count;
  registrations: Count;
  calls: Count;
  /** Reads that answered less than what the majority had been told is written before the read began. */
  staleReads: number;
  /** Reads that were answered, of those that began when the cut had lasted for so long that every node has noticed. */
  lateReads: Count;
  /** Longest time without an acknowledged write, from the cut on. */
  noLeaderMs: number;
}

/** A node without a majority has noticed by then. */
export const NOTICED_MS = 5_000;

const count = (probes: readonly Probe[]): Count => ({
  sent: probes.length,
  answered: probes.filter(({ ok }) => ok).length,
});

/** @param written what the majority has tried to write */
export function tally(probes: readonly Probe[], written: readonly Probe[], cut: Cut): Tally {
  // What began before it, or ended after it, says nothing of the cut.
  const during = probes.filter(({ startedAtMs, endedAtMs }) => startedAtMs >= cut.fromMs && endedAtMs <= cut.untilMs);
  const of = (kind: Probe['kind']) => during.filter((probe) => probe.kind === kind);
  const acknowledged = written.filter(({ kind, ok }) => kind === 'write' && ok);
  const latestBefore = (atMs: number): number =>
    Math.max(0, ...acknowledged.filter(({ endedAtMs }) => endedAtMs <= atMs).map(({ value = 0 }) => value));
  const reads = of('read');
  const stale = reads.filter(({ ok, value = 0, startedAtMs }) => ok && value < latestBefore(startedAtMs));
  return {
    reads: count(reads),
    writes: count(of('write')),
    registrations: count(of('register')),
    calls: count(of('call')),
    staleReads: stale.length,
    lateReads: count(reads.filter(({ startedAtMs }) => startedAtMs >= cut.fromMs + NOTICED_MS)),
    noLeaderMs: longestGapMs(probes, cut),
  };
}

function longestGapMs(probes: readonly Probe[], { fromMs, untilMs }: Cut): number {
  const times = probes
    .filter(({ kind, ok, endedAtMs }) => kind === 'write' && ok && endedAtMs >= fromMs && endedAtMs <= untilMs)
    .map(({ endedAtMs }) => endedAtMs);
  const marks = [fromMs, ...times, untilMs];
  return Math.max(...marks.slice(1).map((atMs, at) => atMs - (marks[at] ?? atMs)));
}
