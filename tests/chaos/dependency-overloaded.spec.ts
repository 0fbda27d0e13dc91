import { afterEach, beforeEach, expect, test } from 'vitest';
import { contenders } from './resilience/contenders.ts';
import { HurtDependency } from './resilience/hurt-dependency.ts';
import { type Phase, WELL } from './resilience/phases.ts';
import { peakOf, play } from './resilience/scenario.ts';

const PHASE_MS = 3_000;
let dependency: HurtDependency;
let peakPerSecond: number;

beforeEach(async () => {
  dependency = await HurtDependency.start();
  peakPerSecond = await peakOf(dependency, WELL, 1_000);
});
afterEach(() => dependency.stop());

const phases: readonly Phase[] = [
  { name: 'well', manner: WELL },
  { name: 'hangs', hangs: true },
  { name: 'well after hanging', manner: WELL, recovers: true },
];

// The figures that are aimed at are those of `npm run chaos -- resilience`; here is room for a busy machine.
test('three times the load, and then it hangs: with the pipeline most of the peak stays, and comes back', async () => {
  const [well, hangs, after] = await play(dependency, contenders.pipeline(dependency), {
    peakPerSecond,
    phaseMs: PHASE_MS,
    phases,
  });
  expect(well?.goodPerSecond).toBeGreaterThan(peakPerSecond * 0.5);
  expect(well?.arrivals.all).toBeLessThan((well?.sent ?? 0) * 0.6);
  expect(hangs?.refused).toBeGreaterThan((hangs?.sent ?? 0) * 0.5);
  expect(after?.recoveryMs).toBeLessThan(PHASE_MS);
});

test('and without it nearly nothing is answered in time', async () => {
  const [filling, full] = await play(dependency, contenders.bare(dependency), {
    peakPerSecond,
    phaseMs: 2_000,
    phases: [{ name: 'filling', manner: WELL }, { name: 'full' }],
  });
  expect(filling?.refused).toBe(0);
  expect(full?.goodPerSecond).toBeLessThan(peakPerSecond * 0.5);
});
