import { expect, it } from 'vitest';
import type { InstanceLoad } from '../instance-load.ts';
import { chooser, counts, idle, NOW_MS, seeded } from '../testing/loads.ts';

it('spreads running calls evenly by weight', () => {
  const loads = idle(1, 1, 2);
  const random = seeded(3);
  const choose = chooser('p2c', loads);
  for (let call = 0; call < 400; call++) choose({ random })?.begin();
  const [a = 0, b = 0, twice = 0] = loads.map(({ running }) => running);
  for (const ratio of [a / 100, b / 100, twice / 200]) expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
});

it('prefers the faster of two, and comes back to the slower when time has passed', () => {
  const [slow, fast] = idle(1, 1) as [InstanceLoad, InstanceLoad];
  for (let call = 0; call < 20; call++) {
    slow.end(200, true, NOW_MS);
    fast.end(5, true, NOW_MS);
  }
  const random = seeded(1);
  const choose = chooser('p2c', [slow, fast]);
  const [toSlow = 0] = counts([slow, fast], () => choose({ random }), 1_000);
  expect(toSlow).toBe(0);
  const later = Array.from({ length: 200 }, () => choose({ nowMs: NOW_MS + 60_000, random }));
  expect(later).toContain(slow);
});
