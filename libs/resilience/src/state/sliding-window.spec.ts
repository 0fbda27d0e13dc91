import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingWindow } from './sliding-window.ts';

const steps = fc.array(fc.nat(130), { minLength: 1, maxLength: 200 });

describe('a sliding window', () => {
  it('never lets more than the limit into any window of its length', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 20 }), (gaps, limit, buckets) => {
        const window = new SlidingWindow(500, buckets);
        const admitted: number[] = [];
        let nowMs = 1_000_000;
        for (const gap of gaps) {
          nowMs += gap / 3;
          if (window.sum(nowMs) >= limit) continue;
          window.add(nowMs);
          admitted.push(nowMs);
          const inWindow = admitted.filter((atMs) => atMs > nowMs - 500).length;
          expect(inWindow).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('counts what the reference model counts: everything of its length, nothing a bucket older', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (gaps, buckets) => {
        const window = new SlidingWindow(500, buckets);
        const log: number[] = [];
        let nowMs = 7_777;
        for (const gap of gaps) {
          nowMs += gap;
          window.add(nowMs);
          log.push(nowMs);
          const sum = window.sum(nowMs);
          expect(sum).toBeGreaterThanOrEqual(log.filter((atMs) => atMs > nowMs - 500).length);
          expect(sum).toBeLessThanOrEqual(log.filter((atMs) => atMs > nowMs - 500 - 500 / buckets).length);
        }
      }),
    );
  });

  it('says when it will hold less', () => {
    fc.assert(
      fc.property(steps, (gaps) => {
        const window = new SlidingWindow(500, 10);
        let nowMs = 1_000;
        for (const gap of gaps) {
          nowMs += gap;
          window.add(nowMs);
        }
        const sum = window.sum(nowMs);
        const waitMs = window.untilLessMs(nowMs);
        expect(window.sum(nowMs + waitMs - 0.01)).toBe(sum);
        expect(window.sum(nowMs + waitMs)).toBeLessThan(sum);
      }),
    );
  });

  it('is not emptied by a clock that goes back', () => {
    const window = new SlidingWindow(1_000);
    window.add(50_000, 3);
    expect(window.sum(10_000)).toBe(3);
  });
});
