import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../build.ts';
import { median, type Report } from '../figures.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MEASURE = fileURLToPath(new URL('./measure-picks.ts', import.meta.url));

/** Picks a second of processor time, a row of rounds for each contender. */
export type MeasuredPicks = Readonly<Record<string, readonly number[]>>;

/** How many instances a second are chosen, by what a client calls: `pick` of an upstream, its clock included. */
export function run(): Report {
  build();
  // A process of its own: nothing else has shaped its code or its heap.
  const measured = spawnSync(process.execPath, ['--expose-gc', MEASURE], { cwd: ROOT, encoding: 'utf8' });
  if (measured.status !== 0) throw new Error(`the measurement failed:\n${measured.stdout}${measured.stderr}`);
  const picks = JSON.parse(measured.stdout) as MeasuredPicks;
  return {
    figures: [{ name: 'discovery.p2c_picks_per_second', value: median(picks.p2c ?? []), goal: { atLeast: 5_000_000 } }],
    tables: [
      {
        title: 'Choosing one of 100 instances: picks a second of processor time, medians of rounds in turn',
        columns: ['algorithm', 'picks/s', 'ns a pick'],
        rows: Object.entries(picks).map(([name, rounds]) => {
          const perSecond = median(rounds);
          return [name, String(Math.round(perSecond)), (1e9 / perSecond).toFixed(0)];
        }),
      },
    ],
  };
}
