import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentileMs } from './latencies.ts';
import { Measures } from './measures.ts';

const calls = fc.array(
  fc.record({ gapMs: fc.nat(900), durationMs: fc.integer({ min: 1, max: 9_000 }), well: fc.boolean() }),
  {
    minLength: 1,
    maxLength: 80,
  },
);

describe('the measures of a resource', () => {
  it('are those of the last ten seconds, as a log of all calls would have them', () => {
    fc.assert(
      fc.property(calls, (given) => {
        const measures = new Measures();
        const log: { atMs: number; durationMs: number; well: boolean }[] = [];
        let nowMs = 123_456;
        for (const { gapMs, ...call } of given) {
          nowMs += gapMs;
          measures.ended(call.well ? 'succeeded' : 'failed', call.durationMs, nowMs);
          log.push({ atMs: nowMs, ...call });
        }
        const totals = measures.totals(nowMs);
        const recent = log.filter(({ atMs }) => Math.floor(atMs / 1_000) > Math.floor(nowMs / 1_000) - 10);
        expect(totals.succeeded).toBe(recent.filter(({ well }) => well).length);
        expect(totals.failed).toBe(recent.filter(({ well }) => !well).length);
        expect(totals.durationMs).toBe(recent.reduce((sum, { durationMs }) => sum + durationMs, 0));
        expect(totals.minMs).toBe(Math.min(...recent.map(({ durationMs }) => durationMs)));
      }),
    );
  });

  it('tell percentiles that are never too low and at most a fifth too high', () => {
    fc.assert(
      fc.property(calls, fc.constantFrom(0.5, 0.9, 0.99, 1), (given, share) => {
        const measures = new Measures();
        for (const { durationMs } of given) measures.ended('succeeded', durationMs, 1_000);
        const sorted = given.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
        const told = percentileMs(measures.totals(1_000).latencies, share);
        expect(told).toBeGreaterThanOrEqual(exact - 0.1);
        expect(told).toBeLessThanOrEqual(exact * 1.2 + 0.1);
      }),
    );
  });
});
