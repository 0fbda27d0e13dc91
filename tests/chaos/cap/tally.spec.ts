import { expect, it } from 'vitest';
import type { Probe } from './side.ts';
import { tally } from './tally.ts';

const at = (kind: Probe['kind'], startedAtMs: number, ok: boolean, value?: number): Probe => ({
  ...{ kind, startedAtMs, endedAtMs: startedAtMs + 10, ok },
  ...(value === undefined ? {} : { value }),
});

it('counts what happened within the cut, and calls a read stale when a later value had been acknowledged before it', () => {
  const written = [at('write', 0, true, 1), at('write', 1_000, true, 2), at('write', 1_500, false, 3)];
  const probes = [
    at('read', 100, true, 1),
    at('read', 1_005, true, 1),
    at('read', 1_020, true, 1),
    at('read', 6_500, false),
    at('write', 1_100, false, 1),
    at('write', 9_000, true, 2),
  ];
  const { reads, writes, staleReads, lateReads, noLeaderMs } = tally(probes, written, {
    fromMs: 1_000,
    untilMs: 9_500,
  });
  expect({ reads, writes, staleReads, lateReads }).toEqual({
    reads: { sent: 3, answered: 2 },
    writes: { sent: 2, answered: 1 },
    staleReads: 1,
    lateReads: { sent: 1, answered: 0 },
  });
  expect(noLeaderMs).toBe(8_010);
});
