import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from '../build.ts';
import type { Report } from '../figures.ts';
import { cpuMicros, LOAD_CORE, message, Processes, residentBytes } from '../gateway/processes.ts';
import { progress } from '../progress.ts';
import type { ClientsOrder } from './clients.ts';
import { quantile } from './quantile.ts';
import { allowOpenFiles, BenchRegistry } from './registry-process.ts';
import type { BeatsOrder } from './standard-beats.ts';
import type { Told, ToldOrder } from './told.ts';

const [INSTANCES, SERVICES, CLIENT_PROCESSES] = [10_000, 500, 2];
const [WATCHERS, ROUNDS] = [100, 50];
const REST_MS = 30_000;
/** Two leases: by then each client has sent its first heartbeats. */
const SETTLE_MS = 20_000;
/** As clients of Consul do it: three heartbeats in a lease of 10 s. */
const STANDARD = { everyMs: 3_300, connections: 1_000 };
const REGISTER_WITHIN_MS = 300_000;
const TOLD_WITHIN_MS = 300_000;

/** The embedded registry with 10,000 instances in 500 services, each heartbeating over connections of its own. */
export async function run(): Promise<Report> {
  build();
  const processes = new Processes();
  try {
    const registry = await BenchRegistry.start(processes);
    const emptyBytes = residentBytes(registry.child);
    progress(`${INSTANCES} clients register`);
    const startedAtMs = performance.now();
    const share = INSTANCES / CLIENT_PROCESSES;
    const children = await Promise.all(
      Array.from({ length: CLIENT_PROCESSES }, (_, at) => {
        const child = processes.fork('tests/bench/discovery/clients.ts', LOAD_CORE);
        const order: ClientsOrder = { url: registry.url, from: at * share, count: share, services: SERVICES };
        return registered(child, order);
      }),
    );
    const registeredMs = performance.now() - startedAtMs;
    progress(`at rest for ${(SETTLE_MS + REST_MS) / 1e3} s`);
    await pause(SETTLE_MS);
    const rest = await cpuShare(registry.child, REST_MS);
    const fullBytes = residentBytes(registry.child);
    progress('changes until they are seen');
    const told = processes.fork('tests/bench/discovery/told.ts', LOAD_CORE);
    told.send({
      engines: [{ name: 'registry', url: registry.url }],
      service: 'service-7',
      watchers: WATCHERS,
      rounds: ROUNDS,
    } satisfies ToldOrder);
    const { registry: times } = await message<Told>(told, undefined, TOLD_WITHIN_MS);
    if (times?.failed !== undefined) throw new Error(times.failed);
    progress('the registry is killed');
    const recoveryMs = await recovery(registry);
    for (const child of children) child.kill('SIGKILL');
    progress("heartbeats by requests of Consul's API");
    const standard = await standardBeats(processes, registry);
    const p50Ms = quantile(times?.registered ?? [], 0.5);
    const p99Ms = quantile(times?.registered ?? [], 0.99);
    return {
      figures: [
        { name: 'discovery.visible_p99_ms', value: p99Ms, goal: { atMost: 100 } },
        { name: 'discovery.rest_cpu_percent', value: rest * 100, goal: { atMost: 3 } },
        { name: 'discovery.recovery_ms', value: recoveryMs, goal: { atMost: 2_000 } },
      ],
      tables: [
        {
          title: `The embedded registry with ${INSTANCES} instances in ${SERVICES} services, each of a client of our driver with its own connections, in ${CLIENT_PROCESSES} processes`,
          columns: ['what', 'value'],
          rows: [
            ['memory when empty', `${(emptyBytes / 1e6).toFixed(0)} MB`],
            ['memory with all instances and their connections', `${(fullBytes / 1e6).toFixed(0)} MB`],
            ['registered one after another and 100 at once, a second', (INSTANCES / (registeredMs / 1e3)).toFixed(0)],
            [`register -> visible at ${WATCHERS} watchers, p50`, `${p50Ms.toFixed(1)} ms`],
            [`register -> visible at ${WATCHERS} watchers, p99`, `${p99Ms.toFixed(1)} ms`],
            [`released -> gone at ${WATCHERS} watchers, p99`, `${quantile(times?.released ?? [], 0.99).toFixed(1)} ms`],
            ['processor at rest, heartbeats of our driver', `${(rest * 100).toFixed(1)} % of a core`],
            [
              `processor at rest, a request of Consul's API for each heartbeat, every ${STANDARD.everyMs} ms over ${STANDARD.connections} connections`,
              `${(standard * 100).toFixed(1)} % of a core`,
            ],
            ['killed -> all instances answered again', `${recoveryMs.toFixed(0)} ms`],
          ],
        },
      ],
    };
  } finally {
    processes.close();
  }
}

async function registered(child: ChildProcess, order: ClientsOrder): Promise<ChildProcess> {
  allowOpenFiles(child);
  child.send(order);
  await message(child, undefined, REGISTER_WITHIN_MS);
  return child;
}

/** What part of a core a process uses. */
async function cpuShare(child: ChildProcess, overMs: number): Promise<number> {
  const [before, startedAtMs] = [cpuMicros(child), performance.now()];
  await pause(overMs);
  return (cpuMicros(child) - before) / 1e3 / (performance.now() - startedAtMs);
}

/** From the kill until the registry answers with every instance of a service. */
async function recovery(registry: BenchRegistry): Promise<number> {
  const ended = once(registry.child, 'exit');
  registry.child.kill('SIGKILL');
  await ended;
  const startedAtMs = performance.now();
  await registry.start();
  const response = await fetch(`http://127.0.0.1:${registry.port}/v1/health/service/service-9?passing`);
  const known = ((await response.json()) as unknown[]).length;
  if (known !== INSTANCES / SERVICES) throw new Error(`${known} instances of a service are known after the restart`);
  return performance.now() - startedAtMs;
}

async function standardBeats(processes: Processes, registry: BenchRegistry): Promise<number> {
  const child = processes.fork('tests/bench/discovery/standard-beats.ts', LOAD_CORE);
  const ids = Array.from({ length: INSTANCES }, (_, number) => `service-${number % SERVICES}-${number}`);
  child.send({ port: registry.port, ids, ...STANDARD } satisfies BeatsOrder);
  await pause(2 * STANDARD.everyMs);
  const share = await cpuShare(registry.child, REST_MS / 2);
  child.kill('SIGKILL');
  return share;
}
