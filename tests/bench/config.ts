import { setTimeout as pause } from 'node:timers/promises';
import { CentreUnderWatch } from './config/centre-under-watch.ts';
import { NacosUnderWatch } from './config/nacos-under-watch.ts';
import type { Figure, Report, Table } from './figures.ts';
import { cpuMicros, residentBytes } from './gateway/processes.ts';

const WATCHERS = 1_000;
const RELEASES = 20;
const IDLE = 10_000;
const BETWEEN_MS = 1_000;
/** Each client reports within a random second. */
const REPORTED_MS = 1_000;
const REST_MS = 10_000;
const SETTLED_MS = 30_000;

interface Pushed {
  p50Ms: number;
  p99Ms: number;
  slowestMs: number;
  /** Watchers that do not have the last release. */
  missed: number;
}

/**
 * How soon 1,000 watchers, each a client as a service has it, have a release in force: of two replicas of the configuration
 * centre, and of a Nacos server with the same clients. And what 10,000 streams of the centre cost at rest.
 */
export async function run({ rounds: releases = RELEASES }: { rounds?: number } = {}): Promise<Report> {
  const centre = await CentreUnderWatch.start();
  let ours: Pushed;
  let idle: Table;
  try {
    ours = await push(centre, releases);
    idle = await rest(centre);
  } finally {
    await centre.close();
  }
  const nacos = await NacosUnderWatch.start();
  const theirs = nacos && (await push(nacos, releases).finally(() => nacos.close()));
  const figures: Figure[] = [
    { name: 'config.push_p99_ms', value: ours.p99Ms, goal: { atMost: 500 } },
    { name: 'config.watchers_missed', value: ours.missed, goal: { atMost: 0 } },
  ];
  if (theirs) figures.push({ name: 'config.push_p99_vs_nacos', value: ours.p99Ms / theirs.p99Ms, goal: { atMost: 1 } });
  return {
    figures,
    tables: [sideBySide(releases, { 'two replicas of the centre': ours, 'Nacos 3, one server': theirs }), idle],
  };
}

async function push(place: Pick<CentreUnderWatch, 'watch' | 'publish'>, releases: number): Promise<Pushed> {
  await place.publish('bench', 1);
  const watchers = await place.watch('bench', WATCHERS);
  await pause(BETWEEN_MS * 3);
  await watchers.seen();
  const latenciesMs: number[] = [];
  const without = (step: number, last: readonly number[]) => last.filter((each) => each !== step).length;
  let missed = 0;
  for (let step = 2; step <= releases + 1; step += 1) {
    await place.publish('bench', step);
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
  watchers.stop();
  const sorted = latenciesMs.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), slowestMs: at(1), missed };
}

function sideBySide(releases: number, places: Record<string, Pushed | undefined>): Table {
  return {
    title: `${releases} releases to ${WATCHERS} watchers in one process, from before a release is published to in force`,
    columns: ['', 'p50, ms', 'p99, ms', 'slowest, ms', 'missed'],
    rows: Object.entries(places).map(([name, pushed]) => [
      name,
      ...(pushed
        ? [pushed.p50Ms, pushed.p99Ms, pushed.slowestMs, pushed.missed].map(String)
        : ['not installed', '', '', '']),
    ]),
  };
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
    title: `${IDLE} streams at rest on two replicas, a heartbeat each 5 s`,
    columns: ['streams', 'memory, MB', 'a stream, KB', 'processor, % of a core'],
    rows: [[IDLE, (bytes - before) / 1e6, (bytes - before) / 1e3 / IDLE, percent].map((value) => value.toFixed(1))],
  };
}
