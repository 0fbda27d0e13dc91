import { expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';
import { simulate } from './simulation.ts';

const REQUESTS = 8_000;

it.each([1, 2, 3])(
  'callers who look at the load feel little of one slow instance; others wait for it (seed %i)',
  (seed) => {
    const under = (balance: Parameters<typeof simulate>[0]['balance']) =>
      simulate({ balance, seed, requests: REQUESTS });
    const inTurn = under('round-robin');
    expect(inTurn.slowShare).toBeCloseTo(0.1, 2);
    const byCalls = under('least-request');
    expect(byCalls.p99Ms).toBeLessThan(inTurn.p99Ms * 0.8);
    expect(byCalls.slowShare).toBeLessThan(inTurn.slowShare / 2);
    const byLatency = under('p2c');
    expect(byLatency.p99Ms).toBeLessThan(byCalls.p99Ms / 2);
    expect(byLatency.slowShare).toBeLessThan(0.01);
    const crowded = under('maglev');
    expect(under({ algorithm: 'maglev', boundedLoad: 1.25 }).p99Ms).toBeLessThan(crowded.p99Ms);
  },
);

it('a simulation says the same each time', () => {
  const scenario = { balance: 'p2c', seed: 7, requests: 2_000 } as const;
  expect(simulate(scenario)).toEqual(simulate(scenario));
});

it('events come in the order of their time, those of one time as they were planned', () => {
  const clock = new EventQueue();
  const seen: string[] = [];
  const at = (ms: number, name: string) => clock.after(ms, () => seen.push(`${name} at ${clock.nowMs}`));
  for (const [ms, name] of [
    [5, 'e'],
    [1, 'a'],
    [3, 'c'],
    [1, 'b'],
    [4, 'd'],
  ] as const)
    at(ms, name);
  clock.after(2, () => at(0, 'inner'));
  clock.run();
  expect(seen).toEqual(['a at 1', 'b at 1', 'inner at 2', 'c at 3', 'd at 4', 'e at 5']);
});
