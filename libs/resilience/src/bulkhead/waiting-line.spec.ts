import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Waiter, WaitingLine } from './waiting-line.ts';

const waiter = (): Waiter => ({ before: undefined, behind: undefined, isWaiting: false, start: () => {} });

it('lets go in the order of coming, whoever left meanwhile', () => {
  const step = fc.oneof(
    fc.constant({ do: 'join' as const, which: 0 }),
    fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }),
    fc.constant({ do: 'next' as const, which: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const line = new WaitingLine();
      const all: Waiter[] = [];
      const expected: Waiter[] = [];
      for (const one of steps) {
        if (one.do === 'join') {
          const made = waiter();
          all.push(made);
          expected.push(made);
          line.join(made);
        } else if (one.do === 'next') {
          expect(line.next()).toBe(expected.shift());
        } else {
          const leaving = all[one.which];
          if (!leaving) continue;
          line.leave(leaving);
          if (expected.includes(leaving)) expected.splice(expected.indexOf(leaving), 1);
        }
        expect(line.size).toBe(expected.length);
      }
    }),
  );
});

it('keeps nothing of who has gone, once it is old itself', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const line = new WaitingLine();
  const churn = (count: number) => {
    for (let i = 0; i < count; i++) {
      line.join({ ...waiter(), ...{ load: new Array(100).fill(i) } });
      if (line.size > 64) line.next();
    }
  };
  churn(1_000);
  collect();
  const beforeBytes = process.memoryUsage().heapUsed;
  for (let turn = 0; turn < 10; turn++) {
    churn(2_000);
    collect({ type: 'minor' });
  }
  expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(5_000_000);
});
