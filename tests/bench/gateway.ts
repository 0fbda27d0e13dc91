import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Figure, median } from './figures.ts';
import type { LoadOrder, LoadResult } from './gateway/load.ts';

const ROUNDS = 25;
/** Short rounds in turn: what else the machine does hits both alike. */
const ROUND_MS = 400;
const CONNECTIONS = 64;
/** Enough for the compiler to have seen the whole way, at most this long. */
const WARM_UP_REQUESTS = 30_000;
const WARM_UP_MS = 7_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The proxies have the first core; the load and the upstream the second. */
const PROXY_CORE = '0';
const LOAD_CORE = '1';

interface Proxy {
  name: string;
  child: ChildProcess;
  port: number;
  rounds: (LoadResult & { cpuMicros: number })[];
}

const children: ChildProcess[] = [];
let isPinned = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

function start(file: string, core: string, args: string[] = [], env: Record<string, string> = {}): ChildProcess {
  const child = fork(`${ROOT}${file}`, args, {
    env: { ...process.env, ...env },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  if (isPinned && spawnSync('taskset', ['-a', '-cp', core, String(child.pid)]).status !== 0) isPinned = false;
  return child;
}

async function message<T>(child: ChildProcess, wanted: (value: T) => boolean = () => true): Promise<T> {
  for (;;) {
    const [value] = (await once(child, 'message', { signal: AbortSignal.timeout(20_000) })) as [T];
    if (wanted(value)) return value;
  }
}

/** Processor time of a process so far, all its threads, where the system says it. */
function cpuMicros({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

/** The gateway beside a proxy of twenty lines, GETs of 120 bytes of JSON, round by round in turn. */
export async function run(): Promise<Figure[]> {
  const built = spawnSync(`${ROOT}node_modules/.bin/nx`, ['run-many', '-t', 'build', '--outputStyle=static'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
  try {
    return await measure();
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function measure(): Promise<Figure[]> {
  const upstream = await message<{ port: number }>(start('tests/bench/gateway/upstream.ts', LOAD_CORE));
  const load = start('tests/bench/gateway/load.ts', LOAD_CORE);
  const baseline = start('tests/bench/gateway/baseline.ts', PROXY_CORE, [`http://127.0.0.1:${upstream.port}`]);
  const baselinePort = (await message<{ port: number }>(baseline)).port;
  const gateway = start('apps/gateway/dist/main.js', PROXY_CORE, [], {
    DISCOVERY_URL: `static:catalog=127.0.0.1:${upstream.port}`,
    HOST: '127.0.0.1',
    PORT: '0',
  });
  const ready = await message<{ type: string; urls: { http: string } }>(gateway, ({ type }) => type === 'ready');
  const gatewayPort = Number(new URL(ready.urls.http).port);
  const proxies: Proxy[] = [
    { name: 'baseline', child: baseline, port: baselinePort, rounds: [] },
    { name: 'gateway', child: gateway, port: gatewayPort, rounds: [] },
  ];

  const round = async ({ port, child }: Proxy, durationMs: number) => {
    const order: LoadOrder = { port, path: '/api/catalog/films/1', connections: CONNECTIONS, durationMs };
    const beforeMicros = cpuMicros(child);
    load.send(order);
    const result = await message<LoadResult>(load);
    if (result.failed > 0) throw new Error(`${result.failed} requests failed`);
    return { ...result, cpuMicros: (cpuMicros(child) - beforeMicros) / result.answered };
  };
  for (const proxy of proxies) {
    const endMs = performance.now() + WARM_UP_MS;
    for (let sent = 0; sent < WARM_UP_REQUESTS && performance.now() < endMs; )
      sent += (await round(proxy, 500)).answered;
  }
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (const proxy of turn % 2 === 0 ? proxies : proxies.toReversed())
      proxy.rounds.push(await round(proxy, ROUND_MS));
  }

  const of = ({ rounds }: Proxy, key: 'perSecond' | 'p50Ms' | 'p99Ms' | 'cpuMicros') =>
    median(rounds.map((result) => result[key]));
  console.log(
    `${CONNECTIONS} connections, ${ROUNDS} rounds in turn, medians, ${isPinned ? 'pinned' : 'not pinned'} to cores`,
  );
  console.table(
    Object.fromEntries(
      proxies.map((proxy) => [
        proxy.name,
        {
          'requests/s': Math.round(of(proxy, 'perSecond')),
          'p50 ms': of(proxy, 'p50Ms').toFixed(2),
          'p99 ms': of(proxy, 'p99Ms').toFixed(2),
          'cpu µs/request': of(proxy, 'cpuMicros').toFixed(1),
        },
      ]),
    ),
  );
  const [plain, ours] = proxies as [Proxy, Proxy];
  const ratio = (key: 'perSecond' | 'p99Ms') =>
    median(ours.rounds.map((result, turn) => result[key] / (plain.rounds[turn]?.[key] ?? Number.NaN)));
  return [
    { name: 'gateway.bare_vs_baseline', value: ratio('perSecond'), goal: { atLeast: 0.8 } },
    { name: 'gateway.p99_vs_baseline', value: ratio('p99Ms'), goal: { atMost: 1.25 } },
  ];
}
