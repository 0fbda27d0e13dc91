import {
  measured,
  type OwnServer,
  startNacos,
  startOwnConsul,
  startOwnEtcd,
  startOwnEureka,
  startOwnZooKeeper,
} from '@rookery/servers';
import { build } from '../build.ts';
import type { Report } from '../figures.ts';
import { LOAD_CORE, message, PROXY_CORE, Processes } from '../gateway/processes.ts';
import { progress } from '../progress.ts';
import { quantile } from './quantile.ts';
import { BenchRegistry } from './registry-process.ts';
import type { Told, ToldOrder } from './told.ts';

const [WATCHERS, ROUNDS] = [100, 30];
const WITHIN_MS = 900_000;
const EMBEDDED = 'embedded registry';
/** None of the servers has a core of its own: the embedded registry is not to be held where others are not. */
const ANY_CORE = `${PROXY_CORE},${LOAD_CORE}`;

interface Engine {
  name: string;
  start: () => Promise<OwnServer | undefined>;
  everyRounds?: number;
}

/** Real servers, each started here; one that is not installed is named as left out. */
const ENGINES: readonly Engine[] = [
  { name: 'Consul', start: startOwnConsul },
  { name: 'ZooKeeper', start: startOwnZooKeeper },
  { name: 'etcd', start: startOwnEtcd },
  { name: 'Nacos (as it is delivered: a push waits 500 ms for others)', start: startNacos, everyRounds: 3 },
  { name: 'Eureka (asked every 5 s, no cache in the server)', start: startOwnEureka, everyRounds: 6 },
];

/** How soon a registration is seen by many watchers on each engine, through our drivers, in one run. */
export async function run(): Promise<Report> {
  build();
  measured();
  const processes = new Processes();
  const servers: OwnServer[] = [];
  const absent: string[] = [];
  try {
    progress('starting the engines');
    const engines: ToldOrder['engines'][number][] = [
      { name: EMBEDDED, url: (await BenchRegistry.start(processes, ANY_CORE)).url },
    ];
    for (const { name, start, everyRounds = 1 } of ENGINES) {
      const server = await start();
      if (server) servers.push(server);
      if (server) engines.push({ name, url: server.url, everyRounds });
      else absent.push(name);
      progress(server ? `${name} has started` : `${name} is not installed`);
    }
    const child = processes.fork('tests/bench/discovery/told.ts', LOAD_CORE);
    child.send({ engines, service: 'told', watchers: WATCHERS, rounds: ROUNDS } satisfies ToldOrder);
    const told = await message<Told>(child, undefined, WITHIN_MS);
    const rows = Object.entries(told).map(([name, { registered, released, failed }]) => {
      if (failed !== undefined) return [name, `failed: ${failed}`, '', '', '', ''];
      const times = [registered, released].flatMap((each) => [quantile(each, 0.5), quantile(each, 0.99)]);
      return [name, String(registered.length / WATCHERS), ...times.map((ms) => ms.toFixed(1))];
    });
    const failures = [EMBEDDED, 'Consul'].flatMap((name) => told[name]?.failed ?? []);
    if (failures.length > 0) throw new Error(`what is compared was not measured: ${failures.join('; ')}`);
    const visible = (name: string) => quantile(told[name]?.registered ?? [], 0.99);
    return {
      figures: absent.includes('Consul')
        ? []
        : [
            {
              name: 'discovery.visible_p99_vs_consul',
              value: visible(EMBEDDED) / visible('Consul'),
              goal: { atMost: 1 },
            },
          ],
      tables: [
        {
          title: `A change until ${WATCHERS} watchers, each a client of our driver, have seen it; ${ROUNDS} rounds in turn, fewer where a change takes long, ms`,
          columns: ['engine', 'rounds', 'registered p50', 'registered p99', 'released p50', 'released p99'],
          rows: [...rows, ...absent.map((name) => [name, 'not installed', '', '', '', ''])],
        },
      ],
    };
  } finally {
    processes.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}
