import { setTimeout as pause } from 'node:timers/promises';
import { CentreUnderWatch } from './config/centre-under-watch.ts';
import type { Report, Table } from './figures.ts';
import { cpuMicros, residentBytes } from './gateway/processes.ts';

const WATCHERS = 1_000;
const RELEASES = 20;
const IDLE = 10_000;
const BETWEEN_MS = 1_000;
/** Each client reports within a random second. */
const REPORTED_MS = 1_000;
const REST_MS = 10_000;
const SETTLED_MS = 30_000;

/**
 * Two replicas of the configuration centre: how soon 1,000 watchers, each a client as a service has it, have a release in
 * force; and what 10,000 streams cost at rest.
 */
export async function run({ rounds: releases = RELEASES }: { rounds?: number } = {}): Promise<Report> {
  const centre = await CentreUnderWatch.start();
  try {
    const pushed = await push(centre, releases);
    const idle = await rest(centre);
    return { figures: pushed, tables: [idle] };
  } finally {
    await centre.close();
  }
}

async function push(centre: CentreUnderWatch, releases: number): Promise<Report['figures']> {
  const watchers = await centre.watch('bench', WATCHERS);
  await centre.publish('bench', 1);
  await pause(BETWEEN_MS * 3);
  await watchers.seen();
  const latenciesMs: number[] = [];
  const without = (step: number, last: readonly number[]) => last.filter((each) => each !== step).length;
  let missed = 0;
  for (let step = 2; step <= releases + 1; step += 1) {
    await centre.publish('bench', step);
    // One release at a time: the next one comes when all have this one and have reported it.
    await pause(BETWEEN_MS);
    let seen = await watchers.seen();
    latenciesMs.push(...seen.latenciesMs);
    for (const endsAtMs = Date.now() + SETTLED_MS; Date.now() < endsAtMs && without(step, seen.last) > 0; ) {
      await pause(BETWEEN_MS / 4);
      seen = await watchers.seen();
      latenciesMs.push(...seen.latenciesMs);
    }
    missed = without(step, seen.last);
    await pause(REPORTED_MS);
  }
  const sorted = latenciesMs.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  console.log(`${WATCHERS} watchers, ${releases} releases: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`);
  return [
    { name: 'config.push_p99_ms', value: at(0.99), goal: { atMost: 500 } },
    { name: 'config.watchers_missed', value: missed, goal: { atMost: 0 } },
  ];
}

async function rest(centre: CentreUnderWatch): Promise<Table> {
  const replicas = centre.platform.pids('config-center').map((pid) => ({ pid }));
  const sum = (measure: (of: { readonly pid: number }) => number) =>
    replicas.reduce((total, one) => total + measure(one), 0);
  const before = sum(residentBytes);
  await centre.idle(IDLE);
  await pause(REST_MS);
  const [bytes, cpu] = [sum(residentBytes), sum(cpuMicros)];
  await pause(REST_MS);
  const percent = (sum(cpuMicros) - cpu) / (REST_MS * 10);
  return {
    title: `${IDLE} streams at rest on two replicas, a heartbeat each 5 s (${WATCHERS} clients beside them, which report each 15 s)`,
    columns: ['streams', 'memory, MB', 'a stream, KB', 'processor, % of a core'],
    rows: [[IDLE, (bytes - before) / 1e6, (bytes - before) / 1e3 / IDLE, percent].map((value) => value.toFixed(1))],
  };
}
