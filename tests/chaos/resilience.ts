import { startOwnRedis } from '@rookery/servers';
import { build } from '../bench/build.ts';
import type { Figure, Report, Table } from '../bench/figures.ts';
import type { Stretch } from './resilience/cluster.ts';
import type { PhaseResult } from './resilience/scenario.ts';

const PHASE_SECONDS = 6;
const CALM_MS = 4_000;

/** One contender under all phases. */
interface Played {
  name: string;
  phases: readonly PhaseResult[];
  /** Of a well dependency, and of one that is slow. */
  normal: { wellMs: number; slowMs: number };
  peak: { well: number; slow: number };
}

/** A dependency that is hurt under three times its load, with the pipeline and without; and a limit of four processes. */
export async function run({ rounds: seconds = PHASE_SECONDS }: { rounds?: number } = {}): Promise<Report> {
  build();
  const { contenders } = await import('./resilience/contenders.ts');
  const played: Played[] = [];
  for (const make of Object.values(contenders)) {
    const one = await playContender(make, seconds * 1_000);
    console.log(`${one.name}: played`);
    played.push(one);
  }
  const redis = await startOwnRedis();
  if (!redis) console.log('cluster flow: not played, no redis-server here');
  const { playCluster } = await import('./resilience/cluster.ts');
  try {
    const stretches = redis ? await playCluster(redis, { stretchMs: seconds * 1_500, settleMs: 4_000 }) : [];
    const pipeline = played.find(({ name }) => name === 'pipeline');
    return {
      figures: [...(pipeline ? pipelineFigures(pipeline) : []), ...clusterFigures(stretches)],
      tables: [...played.map(phaseTable), ...(redis ? [clusterTable(stretches)] : [])],
    };
  } finally {
    await redis?.stop();
  }
}

type Make =
  typeof import('./resilience/contenders.ts')['contenders'][keyof typeof import('./resilience/contenders.ts')['contenders']];

async function playContender(make: Make, phaseMs: number): Promise<Played> {
  const { HurtDependency } = await import('./resilience/hurt-dependency.ts');
  const { normalP99Ms, peakOf, play } = await import('./resilience/scenario.ts');
  const { SLOW, WELL } = await import('./resilience/phases.ts');
  const dependency = await HurtDependency.start();
  try {
    const contender = make(dependency);
    await peakOf(dependency, WELL, CALM_MS / 2);
    const peak = { slow: await peakOf(dependency, SLOW, CALM_MS), well: await peakOf(dependency, WELL, CALM_MS) };
    const normalOf = (manner: typeof WELL, peakPerSecond: number) =>
      normalP99Ms(dependency, contender, { manner, peakPerSecond, durationMs: CALM_MS });
    const normal = { slowMs: await normalOf(SLOW, peak.slow), wellMs: await normalOf(WELL, peak.well) };
    const phases = await play(dependency, contender, { peakPerSecond: peak.well, phaseMs });
    return { name: contender.name, phases, normal, peak };
  } finally {
    await dependency.stop();
  }
}

function pipelineFigures({ phases, normal, peak }: Played): Figure[] {
  const figure = (name: string, value: number, goal: Figure['goal']): Figure => ({
    name: `chaos.resilience.${name}`,
    value,
    goal,
  });
  const compared: [string, number, number][] = [
    ['well', peak.well, normal.wellMs],
    ['slow', peak.slow, normal.slowMs],
    ['a third fails', peak.well, normal.wellMs],
  ];
  const sum = (of: (phase: PhaseResult) => number) => phases.reduce((all, phase) => all + of(phase), 0);
  return [
    ...compared.flatMap(([name, peakPerSecond, normalMs]) => {
      const found = phases.find(({ phase }) => phase.name === name);
      const as = name.replaceAll(' ', '_');
      return [
        figure(`goodput_at_3x.${as}`, (found?.goodPerSecond ?? Number.NaN) / peakPerSecond, { atLeast: 0.9 }),
        figure(`p99_vs_normal.${as}`, (found?.p99Ms ?? Number.NaN) / normalMs, { atMost: 2 }),
      ];
    }),
    figure('recovery_seconds', Math.max(...phases.map(({ recoveryMs = 0 }) => recoveryMs)) / 1_000, { atMost: 5 }),
    figure('amplification', sum(({ arrivals }) => arrivals.all) / sum(({ arrivals }) => arrivals.first), {
      atMost: 1.1,
    }),
  ];
}

function clusterFigures(stretches: readonly Stretch[]): Figure[] {
  const [there, killed, back] = stretches;
  if (!there || !killed || !back) return [];
  const off = ({ all }: Stretch) => Math.abs(all / LIMIT - 1);
  const figure = (name: string, value: number, atMost: number): Figure => ({
    name: `chaos.resilience.cluster.${name}`,
    value,
    goal: { atMost },
  });
  return [
    figure('off_the_limit', off(there), 0.02),
    figure('Redis_killed.admitted_vs_limit', killed.all / LIMIT, 1.02),
    figure('Redis_killed.busiest_vs_share', Math.max(...killed.each) / (LIMIT / killed.each.length), 1.02),
    figure('Redis_back.off_the_limit', off(back), 0.02),
  ];
}

const LIMIT = 1_000;

function phaseTable({ name, phases, normal, peak }: Played): Table {
  const whole = (value: number) => (Number.isFinite(value) ? String(Math.round(value)) : '-');
  return {
    title: `With ${name}: 3 times the ${whole(peak.well)} calls/s that the dependency can do (${whole(peak.slow)} while slow); p99 of half its load ${whole(normal.wellMs)} ms (${whole(normal.slowMs)} ms while slow)`,
    columns: [
      'the dependency',
      'calls',
      'good',
      'good/s',
      'refused here',
      'failed',
      'p99 ms',
      'full rate after s',
      'reached it',
      'for each call',
    ],
    rows: phases.map(({ phase, sent, good, goodPerSecond, refused, failed, p99Ms, recoveryMs, arrivals }) => [
      phase.name,
      ...[sent, good, goodPerSecond, refused, failed, p99Ms].map(whole),
      recoveryMs === undefined ? '' : Number.isFinite(recoveryMs) ? (recoveryMs / 1_000).toFixed(1) : 'never',
      whole(arrivals.all),
      arrivals.first > 0 ? (arrivals.all / arrivals.first).toFixed(2) : '-',
    ]),
  };
}

function clusterTable(stretches: readonly Stretch[]): Table {
  return {
    title: `Cluster flow: one limit of ${LIMIT} calls/s for four processes that are asked for 900, 600, 300 and 200; admitted a second`,
    columns: ['', 'all', 'each'],
    rows: stretches.map(({ name, all, each }) => [name, all.toFixed(0), each.map((one) => one.toFixed(0)).join(', ')]),
  };
}
