import type { Report } from './figures.ts';
import { progress } from './progress.ts';

/** Each part of the area by itself. Add one here, and its figures and tables join those of the others. */
const PARTS: Readonly<Record<string, () => Promise<{ run(): Report | Promise<Report> }>>> = {
  picks: () => import('./discovery/picks.ts'),
  scale: () => import('./discovery/scale.ts'),
  engines: () => import('./discovery/engines.ts'),
  simulation: () => import('./discovery/slow-instance.ts'),
};

export const parts = Object.keys(PARTS);

/** What choosing an instance costs, and what the registry holds and how fast it tells. */
export async function run({ parts: wanted = parts }: { parts?: readonly string[] }): Promise<Report> {
  const reports: Report[] = [];
  for (const [name, load] of Object.entries(PARTS)) {
    if (!wanted.includes(name)) continue;
    progress(`discovery ${name}`);
    reports.push(await (await load()).run());
  }
  return { figures: reports.flatMap(({ figures }) => figures), tables: reports.flatMap(({ tables }) => tables) };
}
