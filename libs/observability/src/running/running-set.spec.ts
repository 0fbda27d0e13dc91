import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RunningSet, type Runs } from './running-set.ts';

it('holds what a Set holds', () => {
  const step = fc.record({ which: fc.nat(9), come: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const all: Runs[] = Array.from({ length: 10 }, () => ({ slot: -1 }));
      const running = new RunningSet<Runs>();
      const expected = new Set<Runs>();
      for (const { which, come } of steps) {
        const member = all[which] as Runs;
        for (const set of [running, expected]) set[come ? 'add' : 'delete'](member);
        expect(new Set(running)).toEqual(expected);
        expect(running.size).toBe(expected.size);
      }
      running.clear();
      for (const member of all) running.add(member);
      expect(running.size).toBe(all.length);
    }),
  );
});

it('may change while one goes through it', () => {
  const members: Runs[] = Array.from({ length: 5 }, () => ({ slot: -1 }));
  const running = new RunningSet<Runs>();
  for (const member of members) running.add(member);
  const seen: Runs[] = [];
  for (const member of running) {
    running.delete(member);
    seen.push(member);
  }
  expect(seen).toEqual(members);
  expect(running.size).toBe(0);
});

it('keeps nothing of what has gone, once it is old itself', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const running = new RunningSet<Runs>();
  const order: Runs[] = [];
  const churn = (count: number) => {
    for (let i = 0; i < count; i++) {
      const member = { slot: -1, load: new Array(100).fill(i) };
      running.add(member);
      order.push(member);
      if (order.length > 64) running.delete(order.shift() as Runs);
    }
  };
  churn(1_000);
  collect();
  const beforeBytes = process.memoryUsage().heapUsed;
  for (let turn = 0; turn < 10; turn++) {
    churn(2_000);
    collect({ type: 'minor' });
  }
  // 20 MB have come and gone; with a Set they would all still be there.
  expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(5_000_000);
});
