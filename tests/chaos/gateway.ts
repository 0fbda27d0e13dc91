import { type OwnServer, startOwnRedis } from '@rookery/servers';
import type { Figure, Report } from '../bench/figures.ts';
import { type Platform, startPlatform } from '../platform/platform.ts';
import { type Outage, outage } from './gateway/outage.ts';
import { type Overload, overload } from './gateway/overload.ts';
import { hung, killed, mad, play, type Scenario, slowed, type Tally } from './gateway/scenario.ts';
import { Stage, type StageOptions } from './gateway/stage.ts';
import { type WorkerKilled, workerKilled } from './gateway/worker-killed.ts';

const PER_SECOND = 200;
const REQUESTS = 1_000;
const OVERLOAD_MS = 8_000;
const INSTANCES = 3;
const OUTAGE_MINUTES = 1;
const MIB = 2 ** 20;
const route = (more: object = {}) => ({
  routes: [
    { id: 'services', path: '/api/{service}/**', service: '{service}', tryTimeoutMs: 1_000, timeoutMs: 8_000, ...more },
  ],
});

/** A gateway under load while what it stands on is hurt: sent, answered, failed. */
export async function run({
  rounds: requests = REQUESTS,
  minutes = OUTAGE_MINUTES,
}: {
  rounds?: number;
  minutes?: number;
} = {}): Promise<Report> {
  const platform = await startPlatform({ only: ['registry', 'config-center'] });
  const redis = await startOwnRedis();
  try {
    const [registryUrl = '', centreUrl = ''] = [...platform.urls('registry'), ...platform.urls('config-center')];
    const common = { registryUrl, instances: INSTANCES, settings: route() };
    const tallies = await playAll(
      { ...common, env: { CONFIG_URL: centreUrl } },
      [killed, hung, slowed, mad, away(platform, 'registry'), away(platform, 'config-center')],
      requests,
    );
    if (redis)
      tallies.push(
        ...(await playAll(
          { ...common, settings: route({ filters: [CLUSTER_LIMIT] }), env: { GATEWAY_REDIS_URL: redis.url } },
          [redisDown(redis)],
          requests,
        )),
      );
    else console.log('Redis down: not played, no redis-server here');
    const workers = await onStage({ ...common, env: { GATEWAY_WORKERS: '2' } }, (stage) =>
      workerKilled(stage, { perSecond: PER_SECOND, requests }),
    );
    const lasting = await onStage({ ...common, settings: IMPATIENT, execArgv: HEAP_PROBE }, (stage) =>
      outage(stage, minutes * 60_000),
    );
    return report({ tallies, workers, lasting, flood: await flooded(registryUrl) });
  } finally {
    await redis?.stop();
    await platform.stop();
  }
}

async function playAll(options: StageOptions, scenarios: readonly Scenario[], requests: number): Promise<Tally[]> {
  const stage = await Stage.open(options);
  const tallies: Tally[] = [];
  try {
    for (const scenario of scenarios) {
      const tally = await play(stage, scenario, { perSecond: PER_SECOND, requests });
      console.log(`${tally.name}: ${tally.sent} sent, ${tally.failed} failed`);
      tallies.push(tally);
      await stage.complete();
    }
  } finally {
    await stage.close();
  }
  return tallies;
}

async function onStage<T>(options: StageOptions, play: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await Stage.open(options);
  try {
    return await play(stage);
  } finally {
    await stage.close();
  }
}

const flooded = (registryUrl: string): Promise<Overload> =>
  onStage({ registryUrl, instances: 2, settings: route({ filters: [{ name: 'concurrency-limit' }] }) }, (stage) =>
    overload(stage, OVERLOAD_MS),
  );

/** So that much is given up, and tried again, and broken off, in the time there is. */
const IMPATIENT = route({ tryTimeoutMs: 300, timeoutMs: 1_000 });
const HEAP_PROBE = ['--expose-gc', '--import', new URL('./gateway/heap-probe.mjs', import.meta.url).href];

const away = (platform: Platform, app: string): Scenario => ({
  name: `${app} down`,
  hurt: () => platform.suspend(app),
  heal: () => platform.resume(app),
});

/** Far more than is asked: each request is counted in Redis, none is refused. */
const CLUSTER_LIMIT = { name: 'rate-limit', key: 'ip', perSecond: 100_000, burst: 100_000, scope: 'cluster' };

const redisDown = (redis: OwnServer): Scenario => ({
  name: 'Redis down (cluster rate limit)',
  hurt: () => redis.kill(),
  heal: () => redis.start(),
});

interface Played {
  tallies: readonly Tally[];
  workers: WorkerKilled;
  lasting: Outage;
  flood: Overload;
}

function report({ tallies, workers, lasting, flood }: Played): Report {
  const figures: Figure[] = tallies.map(({ name, failed }) => ({
    name: `chaos.gateway.failed.${name.replace(/\W+/g, '_').replace(/_$/, '')}`,
    value: failed,
    goal: { atMost: 0 },
  }));
  const { heapBeforeBytes, heapAfterBytes, socketsBefore, socketsAfter } = lasting;
  const heapGrowthMb = (heapAfterBytes - heapBeforeBytes) / MIB;
  figures.push(
    {
      name: 'chaos.gateway.goodput_at_3x_peak',
      value: flood.goodPerSecond / flood.peakPerSecond,
      goal: { atLeast: 0.9 },
    },
    { name: 'chaos.gateway.failed.worker_killed_elsewhere', value: workers.failed, goal: { atMost: 0 } },
    { name: 'chaos.gateway.outage_heap_growth_mb', value: heapGrowthMb, goal: { atMost: 4 } },
    {
      name: 'chaos.gateway.outage_leaked_sockets',
      value: Math.max(0, socketsAfter - socketsBefore),
      goal: { atMost: 0 },
    },
    { name: 'chaos.gateway.outage_failed_afterwards', value: lasting.failedAfterwards, goal: { atMost: 0 } },
  );
  return {
    figures,
    tables: [
      {
        title: `GETs, ${PER_SECOND} a second, ${INSTANCES} instances of which two are hurt, a second for each try`,
        columns: ['scenario', 'sent', 'answered', 'failed', 'slowest ms', 'why'],
        rows: tallies.map(({ name, sent, answered, failed, slowestMs, reasons }) => [
          name,
          ...[sent, answered, failed, Math.round(slowestMs)].map(String),
          reasons.slice(0, 3).join('; '),
        ]),
      },
      {
        title: `GETs, ${PER_SECOND} a second, one of two workers killed`,
        columns: ['sent', 'answered', 'lost on its connections', 'failed elsewhere', 'why'],
        rows: [
          [
            ...[workers.sent, workers.answered, workers.lostWithWorker, workers.failed].map(String),
            workers.reasons.slice(0, 3).join('; '),
          ],
        ],
      },
      {
        title: 'All instances hang, reset, break off and vanish in turn; then they are well again',
        columns: [
          'seconds',
          'sent',
          'heap MB before',
          'heap MB after',
          'sockets before',
          'sockets after',
          'GETs then',
          'failed',
        ],
        rows: [
          [
            String(lasting.seconds),
            String(lasting.sent),
            (heapBeforeBytes / MIB).toFixed(1),
            (heapAfterBytes / MIB).toFixed(1),
            ...[socketsBefore, socketsAfter, lasting.sentAfterwards, lasting.failedAfterwards].map(String),
          ],
        ],
      },
      {
        title: 'Three times the load that two instances can take, with the filter concurrency-limit',
        columns: ['peak/s', 'offered/s', 'goodput/s', 'sent', 'good', 'shed (503)', 'failed', 'shed p99 ms'],
        rows: [
          [
            flood.peakPerSecond,
            flood.offeredPerSecond,
            flood.goodPerSecond,
            flood.sent,
            flood.good,
            flood.shed,
            flood.failed,
            flood.shedP99Ms,
          ].map((value) => String(Math.round(value))),
        ],
      },
    ],
  };
}
