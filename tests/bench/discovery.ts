import type { Report } from './figures.ts';

/** Each part of the area by itself. Add one here, and its figures and tables join those of the others. */
const PARTS: readonly (() => Promise<{ run(): Report | Promise<Report> }>)[] = [
  () => import('./discovery/picks.ts'),
  () => import('./discovery/scale.ts'),
  () => import('./discovery/engines.ts'),
  () => import('./discovery/slow-instance.ts'),
];

/** What choosing an instance costs, and what the registry holds and how fast it tells. */
export async function run(): Promise<Report> {
  const reports: Report[] = [];
  for (const load of PARTS) reports.push(await (await load()).run());
  return { figures: reports.flatMap(({ figures }) => figures), tables: reports.flatMap(({ tables }) => tables) };
}
