import {
  measured,
  type OwnServer,
  startNacos,
  startOwnConsul,
  startOwnEtcd,
  startOwnEureka,
  startOwnZooKeeper,
} from '@rookery/servers';
import type { Report } from '../figures.ts';
import { LOAD_CORE, message, Processes } from '../gateway/processes.ts';
import { quantile } from './quantile.ts';
import { BenchRegistry, build } from './registry-process.ts';
import type { Told, ToldOrder } from './told.ts';

const [WATCHERS, ROUNDS] = [100, 10];

/** Real servers, each started here; one that is not installed is named as left out. */
const ENGINES: readonly { name: string; start: () => Promise<OwnServer | undefined> }[] = [
  { name: 'Consul', start: startOwnConsul },
  { name: 'ZooKeeper', start: startOwnZooKeeper },
  { name: 'etcd', start: startOwnEtcd },
  { name: 'Nacos (as it is delivered: a push waits 500 ms for others)', start: startNacos },
  { name: 'Eureka (asked every 5 s, no cache in the server)', start: startOwnEureka },
];

/** How soon a registration is seen by many watchers on each engine, through our drivers, in one run. */
export async function run(): Promise<Report> {
  build();
  measured();
  const processes = new Processes();
  const servers: OwnServer[] = [];
  const absent: string[] = [];
  try {
    const engines = [{ name: 'embedded registry', url: (await BenchRegistry.start(processes)).url }];
    for (const { name, start } of ENGINES) {
      const server = await start();
      if (server) servers.push(server);
      if (server) engines.push({ name, url: server.url });
      else absent.push(name);
    }
    const child = processes.fork('tests/bench/discovery/told.ts', LOAD_CORE);
    child.send({ engines, service: 'told', watchers: WATCHERS, rounds: ROUNDS } satisfies ToldOrder);
    const told = await message<Told>(child, undefined, 600_000);
    const rows = Object.entries(told).map(([name, { registered, released }]) => [
      name,
      quantile(registered, 0.5).toFixed(1),
      quantile(registered, 0.99).toFixed(1),
      quantile(released, 0.5).toFixed(1),
      quantile(released, 0.99).toFixed(1),
    ]);
    const visible = (name: string) => quantile(told[name]?.registered ?? [], 0.99);
    return {
      figures: absent.includes('Consul')
        ? []
        : [
            {
              name: 'discovery.visible_p99_vs_consul',
              value: visible('embedded registry') / visible('Consul'),
              goal: { atMost: 1 },
            },
          ],
      tables: [
        {
          title: `A change until ${WATCHERS} watchers, each a client of our driver, have seen it; ${ROUNDS} rounds in turn, ms`,
          columns: ['engine', 'registered p50', 'registered p99', 'released p50', 'released p99'],
          rows: [...rows, ...absent.map((name) => [name, 'not installed', '', '', ''])],
        },
      ],
    };
  } finally {
    processes.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}
