import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Deadlines } from './deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('whoever waits is told once, after the time and at most a tick and a turn of the loop later, unless taken out; then the clock stops', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ afterMs: fc.nat(500), takenOut: fc.boolean() }), { maxLength: 30 }), (given) => {
      const deadlines = new Deadlines();
      const startMs = performance.now();
      const all = given.map(({ afterMs, takenOut }) => {
        const told: number[] = [];
        const onDue = () => void told.push(performance.now() - startMs);
        const waiting = { slot: -1, dueAtMs: startMs + afterMs, onDue };
        deadlines.add(waiting);
        return { afterMs, takenOut, told, waiting };
      });
      for (const { takenOut, waiting } of all) if (takenOut) deadlines.delete(waiting);
      vi.advanceTimersByTime(600);
      for (const { afterMs, takenOut, told } of all) {
        expect(told).toHaveLength(takenOut ? 0 : 1);
        for (const atMs of told) expect(atMs >= afterMs && atMs <= afterMs + 21).toBe(true);
      }
      vi.advanceTimersByTime(2_000);
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 50 },
  );
});
