/**
 * A host on one side of the cut: an instance of the service `films`, a caller of it through the load balancer, and a client
 * that reads, writes and registers. Says by IPC what happened, with times of the machine's one monotonic clock.
 */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createRegistry, Upstreams } from '@rookery/discovery';
import { openStore } from './store.ts';

export interface SideSettings {
  side: 'majority' | 'minority';
  url: string;
  address: string;
}

/** One try of something, and how it ended. */
export interface Probe {
  kind: 'read' | 'write' | 'register' | 'call';
  startedAtMs: number;
  endedAtMs: number;
  ok: boolean;
  /** What was written, or read. */
  value?: number;
}

export type SideSaid = { ready: true } | { probes: Probe[]; finalRead: number };

const SERVICE = 'films';
const [PROBE_EVERY_MS, CALL_EVERY_MS, REGISTER_EVERY_MS] = [100, 50, 500];
const CALL_TIMEOUT_MS = 400;
const LEASE_MS = 4_000;

const settings = JSON.parse(process.env.SIDE ?? '{}') as SideSettings;
const { side, url, address } = settings;
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const probes: Probe[] = [];
let running = true;

async function probe(kind: Probe['kind'], work: () => Promise<number | undefined>): Promise<void> {
  const startedAtMs = nowMs();
  const result = await work().then(
    (value) => ({ ok: true, ...(value === undefined ? {} : { value }) }),
    () => ({ ok: false }),
  );
  probes.push({ kind, startedAtMs, endedAtMs: nowMs(), ...result });
}

async function every(ms: number, work: () => Promise<void>): Promise<void> {
  while (running) {
    await work();
    await pause(ms);
  }
}

const server = createServer((_, response) => response.end(side)).listen(80, address);
const [registry, registering] = [await createRegistry(url), await createRegistry(url)];
const instance = { service: SERVICE, address, port: 80, weight: 1, metadata: {} };
await registry.register({ ...instance, id: `${SERVICE}-${side}` }, { leaseMs: LEASE_MS });
const upstreams = new Upstreams(registry);
const films = upstreams.of(SERVICE);
while (films.instances.length < 2) await pause(50);
const store = await openStore(url, side, registry);

/** A call as a client makes it: another instance where the first one does not answer. */
async function call(): Promise<undefined> {
  const tried = new Set<string>();
  for (let tries = 0; tries < 2; tries++) {
    const chosen = films.pick(tried);
    if (!chosen) break;
    tried.add(chosen.id);
    films.begin(chosen);
    const startedAtMs = performance.now();
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const answered = await fetch(`http://${chosen.address}:${chosen.port}`, { signal }).then(
      async (response) => (await response.text()) !== '',
      () => false,
    );
    films.end(chosen, performance.now() - startedAtMs, answered);
    if (answered) return undefined;
  }
  throw new Error('no instance answered');
}

let [written, registered] = [0, 0];
const loops = [
  every(PROBE_EVERY_MS, () => probe('read', () => store.read())),
  every(PROBE_EVERY_MS, () => {
    written++;
    const value = written;
    return probe('write', async () => {
      await store.write(value);
      return value;
    });
  }),
  every(REGISTER_EVERY_MS, () =>
    probe('register', async () => {
      registered++;
      const id = `${side}-${registered}`;
      const lease = await registering.register({ ...instance, service: `new-${side}`, id }, { leaseMs: LEASE_MS });
      await lease.release();
      return undefined;
    }),
  ),
  every(CALL_EVERY_MS, () => probe('call', call)),
];
const say = (said: SideSaid): void => void process.send?.(said);
say({ ready: true });

process.once('message', async () => {
  running = false;
  await Promise.all(loops);
  say({ probes, finalRead: await store.read().catch(() => 0) });
  upstreams.close();
  await Promise.all([registry.close(), registering.close(), store.close()]);
  server.closeAllConnections();
  server.close();
  process.disconnect?.();
  setTimeout(() => process.exit(0), 500).unref();
});
