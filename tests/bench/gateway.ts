import { startTestIssuer, type TestIssuer } from '@rookery/security/testing';
import { build } from './build.ts';
import type { Figure, Report, Table } from './figures.ts';
import { longToken, plainRoutes, writeChain, writeSettings } from './gateway/chain.ts';
import { startGateway } from './gateway/gateways.ts';
import { bytesEach } from './gateway/idle-websockets.ts';
import { startInstalled } from './gateway/installed-proxies.ts';
import { LOAD_CORE, message, PROXY_CORE, Processes } from './gateway/processes.ts';
import { CONNECTIONS, type Contestant, Race } from './gateway/race.ts';
import { slowestDuringChange } from './gateway/route-changes.ts';
import { streamedGrowth } from './gateway/streamed-body.ts';

const ROUNDS = 25;
const HEATS = 5;
const MANY_ROUTES = 10_000;
const BODY = { warmUp: 200e6, measured: 1e9 };
const WEBSOCKETS = 5_000;
const LIBRARIES = ['http-proxy-middleware', 'fastify-http-proxy', 'moleculer-web'];

/** The gateway, bare and with its whole chain, beside a proxy of twenty lines and other proxies, and what it holds. */
export async function run({ rounds = ROUNDS }: { rounds?: number } = {}): Promise<Report> {
  build();
  const issuer = await startTestIssuer();
  const parts: Report[] = [];
  try {
    parts.push(await compare(rounds, issuer));
    for (const part of [findRoutes, changeRoutes, hold]) {
      const processes = new Processes();
      try {
        parts.push(await part(processes, rounds));
      } finally {
        processes.close();
      }
    }
  } finally {
    await issuer.close();
  }
  return { figures: parts.flatMap(({ figures }) => figures), tables: parts.flatMap(({ tables }) => tables) };
}

const startUpstream = async (processes: Processes) =>
  (await message<{ port: number }>(processes.fork('tests/bench/gateway/upstream.ts', LOAD_CORE))).port;

async function compare(rounds: number, issuer: TestIssuer): Promise<Report> {
  const race = new Race();
  const heats = Math.min(HEATS, rounds);
  let absent: readonly string[] = [];
  let isPinned = true;
  for (let heat = 0; heat < heats; heat++) {
    const processes = new Processes();
    try {
      const { contestants, missing } = await startContestants(processes, issuer);
      const load = processes.fork('tests/bench/gateway/load.ts', LOAD_CORE);
      await race.heat(load, contestants, Math.ceil(rounds / heats));
      absent = missing;
      isPinned &&= processes.isPinned;
    } finally {
      processes.close();
    }
  }
  const ratio = (name: string, other: string) => race.ratio(`gateway, ${name}`, other, 'perSecond');
  const figures: Figure[] = [
    { name: 'gateway.bare_vs_baseline', value: ratio('bare', 'baseline'), goal: { atLeast: 1.2 } },
    { name: 'gateway.chain_vs_baseline', value: ratio('whole chain', 'baseline'), goal: { atLeast: 0.9 } },
    {
      name: 'gateway.chain_vs_http_proxy_middleware',
      value: ratio('whole chain', 'http-proxy-middleware'),
      goal: { atLeast: 2 },
    },
    {
      name: 'gateway.chain_vs_fastify_http_proxy',
      value: ratio('whole chain', 'fastify-http-proxy'),
      goal: { atLeast: 2 },
    },
    { name: 'gateway.p99_vs_baseline', value: race.ratio('gateway, bare', 'baseline', 'p99Ms'), goal: { atMost: 1 } },
    {
      name: 'gateway.chain_p99_vs_baseline',
      value: race.ratio('gateway, whole chain', 'baseline', 'p99Ms'),
      goal: { atMost: 1 },
    },
  ];
  if (!absent.includes('Caddy'))
    figures.push({ name: 'gateway.chain_vs_caddy', value: ratio('whole chain', 'Caddy'), goal: { atLeast: 1 } });
  const cores = isPinned ? 'pinned to one core each' : 'not pinned to cores';
  const title = `${CONNECTIONS} connections, ${rounds} rounds in turn in ${heats} heats, medians, ${cores}`;
  return { figures, tables: [raceTable(race, title, absent)] };
}

/** Two instances, and all that shall be compared in front of them. */
async function startContestants(
  processes: Processes,
  issuer: TestIssuer,
): Promise<{ contestants: Contestant[]; missing: readonly string[] }> {
  const [one, two] = [await startUpstream(processes), await startUpstream(processes)];
  const settings = writeChain(processes.home, issuer);
  const headers = { authorization: `Bearer ${longToken(issuer)}` };
  const contestants: Contestant[] = [
    { name: 'baseline', ...(await library(processes, 'baseline', one)) },
    { name: 'gateway, bare', ...(await startGateway(processes, [one])) },
    {
      name: 'gateway, whole chain',
      ...(await startGateway(processes, [one, two], { settings, log: 'chain.log' })),
      headers,
    },
  ];
  for (const name of LIBRARIES) contestants.push({ name, ...(await library(processes, name, one)) });
  const { started, absent } = await startInstalled(processes, one);
  return { contestants: [...contestants, ...started], missing: absent };
}

async function library(processes: Processes, name: string, upstreamPort: number) {
  const url = `http://127.0.0.1:${upstreamPort}`;
  const child = processes.fork(`tests/bench/gateway/contestants/${name}.ts`, PROXY_CORE, [url]);
  return { child, port: (await message<{ port: number }>(child)).port };
}

function raceTable(race: Race, title: string, absent: readonly string[] = []): Table {
  const rows = race.names.map((name) => [
    name,
    String(Math.round(race.median(name, 'perSecond'))),
    race.median(name, 'p50Ms').toFixed(2),
    race.median(name, 'p99Ms').toFixed(2),
    race.median(name, 'cpuMicros').toFixed(1),
  ]);
  const columns = ['proxy', 'requests/s', 'p50 ms', 'p99 ms', 'cpu µs/request'];
  return { title, columns, rows: [...rows, ...absent.map((name) => [name, 'not installed', '', '', ''])] };
}

async function findRoutes(processes: Processes, rounds: number): Promise<Report> {
  const upstream = await startUpstream(processes);
  const load = processes.fork('tests/bench/gateway/load.ts', LOAD_CORE);
  const withRoutes = async (count: number): Promise<Contestant> => {
    const settings = writeSettings(processes.home, `routes-${count}`, { routes: plainRoutes(count) });
    return { name: `gateway, ${count} routes`, ...(await startGateway(processes, [upstream], { settings })) };
  };
  const [few, many] = [await withRoutes(10), await withRoutes(MANY_ROUTES)];
  const race = new Race();
  await race.heat(load, [few, many], rounds);
  const value = race.ratio(many.name, few.name, 'perSecond');
  return {
    figures: [{ name: 'gateway.10000_routes_vs_10', value, goal: { atLeast: 0.95 } }],
    tables: [raceTable(race, `Finding a route: ${rounds} rounds in turn, medians`)],
  };
}

/** Many routes come, and then one of them changes, while somebody asks for another one. */
async function changeRoutes(processes: Processes): Promise<Report> {
  const upstream = await startUpstream(processes);
  const services = { id: 'services', path: '/api/{service}/**', service: '{service}' };
  const settings = writeSettings(processes.home, 'changes', { routes: [services] });
  const { port } = await startGateway(processes, [upstream], { settings });
  const filters = [
    { name: 'cors', origins: ['*'] },
    { name: 'rate-limit', key: 'ip', perSecond: 1_000_000, burst: 1_000_000 },
  ];
  const many = plainRoutes(MANY_ROUTES).map((route) => ({ ...route, filters, breaker: {} }));
  const rows: string[][] = [];
  let slowestMs = 0;
  for (const [name, more] of [
    ['all of them are new', 'first'],
    ['one of them is new', 'second'],
  ] as const) {
    const routes = [...many, { id: more, path: `/${more}/**`, service: 'catalog' }];
    const paths = { steady: '/api/catalog/films/1', changed: `/${more}/x` };
    const change = await slowestDuringChange(port, settings, { routes }, paths);
    slowestMs = Math.max(slowestMs, change.slowestMs);
    rows.push([name, change.slowestMs.toFixed(1), change.tookMs.toFixed(0)]);
  }
  const columns = ['change', 'slowest ms', 'in force after ms'];
  return {
    figures: [{ name: 'gateway.10000_routes_change_slowest_ms', value: slowestMs, goal: { atMost: 50 } }],
    tables: [{ title: `${MANY_ROUTES} routes with two filters each, put in force under requests`, columns, rows }],
  };
}

async function hold(processes: Processes): Promise<Report> {
  const upstream = processes.fork('tests/bench/gateway/streaming-upstream.ts', LOAD_CORE);
  const { port: upstreamPort } = await message<{ port: number }>(upstream);
  const settings = writeSettings(processes.home, 'bodies', {
    routes: [
      {
        id: 'bodies',
        path: '/api/{service}/**',
        service: '{service}',
        bodyLimitBytes: 2e9,
        timeoutMs: 600_000,
        tryTimeoutMs: 600_000,
      },
    ],
    requestTimeoutMs: 600_000,
  });
  const streaming = await startGateway(processes, [upstreamPort], { settings });
  const { downBytes, upBytes } = await streamedGrowth(streaming.child, `http://127.0.0.1:${streaming.port}`, BODY);
  const holding = await startGateway(processes, [upstreamPort]);
  const websocketBytes = await bytesEach(holding.child, holding.port, WEBSOCKETS);
  return {
    figures: [
      { name: 'gateway.1gb_down_growth_mb', value: downBytes / 1e6, goal: { atMost: 64 } },
      { name: 'gateway.1gb_up_growth_mb', value: upBytes / 1e6, goal: { atMost: 64 } },
      { name: 'gateway.idle_websocket_kb', value: websocketBytes / 1e3, goal: { atMost: 40 } },
    ],
    tables: [],
  };
}
