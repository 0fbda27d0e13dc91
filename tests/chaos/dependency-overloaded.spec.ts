import { afterEach, beforeEach, expect, test } from 'vitest';
import { contenders } from './resilience/contenders.ts';
import { HurtDependency } from './resilience/hurt-dependency.ts';
import { type Phase, WELL } from './resilience/phases.ts';
import { play } from './resilience/scenario.ts';

/** What the dependency can do where nothing else keeps the machine busy. */
const PEAK = (WELL.places * 1_000) / WELL.delayMs;
let dependency: HurtDependency;

beforeEach(async () => {
  dependency = await HurtDependency.start();
});
afterEach(() => dependency.stop());

const phases: readonly Phase[] = [
  { name: 'well', manner: WELL },
  { name: 'hangs', hangs: true },
  { name: 'well after hanging', manner: WELL, recovers: true },
];

// The figures that are aimed at are those of `npm run chaos -- resilience`; here is room for a busy machine.
test('three times the load, and then it hangs: with the pipeline answers go on, and come back', async () => {
  const [well, hangs, after] = await play(dependency, contenders.pipeline(dependency), {
    peakPerSecond: PEAK,
    phaseMs: 3_000,
    phases,
  });
  expect(well?.goodPerSecond).toBeGreaterThan(PEAK * 0.3);
  const passed = (well?.sent ?? 0) - (well?.refused ?? 0);
  expect(well?.arrivals.all).toBeLessThan(passed * 1.2 + 20);
  expect(hangs?.refused).toBeGreaterThan((hangs?.sent ?? 0) * 0.4);
  // Of the last third at least: until then the breaker may be open.
  expect(after?.good).toBeGreaterThan(PEAK * 0.3);
});

test('and without it nearly nothing is answered in time', async () => {
  const [filling, full] = await play(dependency, contenders.bare(dependency), {
    peakPerSecond: PEAK,
    phaseMs: 2_000,
    phases: [{ name: 'filling', manner: WELL }, { name: 'full' }],
  });
  expect(filling?.refused).toBe(0);
  expect(full?.goodPerSecond).toBeLessThan(PEAK * 0.5);
});
