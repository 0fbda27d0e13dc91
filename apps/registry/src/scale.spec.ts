import { createRegistry, type Registry } from '@rookery/discovery';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RegistryProcess } from './testing/registry-process.ts';

// What `npm run bench -- discovery` measures with 10,000 clients is right with some hundreds, in seconds.
const [CLIENTS, SERVICES, WATCHERS] = [300, 30, 50];
const TIMEOUT = { timeout: 30_000 };

let registry: RegistryProcess;
const clients: Registry[] = [];
beforeAll(async () => {
  registry = await RegistryProcess.start();
}, 30_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await registry.stop();
});

async function open(): Promise<Registry> {
  const client = await createRegistry(`consul://127.0.0.1:${registry.port}`);
  clients.push(client);
  return client;
}
const instance = (number: number) => {
  const service = `service-${number % SERVICES}`;
  return { id: `${service}-${number}`, service, address: '10.0.0.1', port: 80, weight: 1, metadata: {} };
};

it('hundreds of clients: each is seen by every watcher, and all are there after the registry was killed', async () => {
  for (let from = 0; from < CLIENTS; from += 10) {
    const numbers = Array.from({ length: 10 }, (_, at) => from + at);
    await Promise.all(numbers.map(async (number) => (await open()).register(instance(number), { leaseMs: 6_000 })));
  }
  const reader = await open();
  const each = CLIENTS / SERVICES;
  for (let at = 0; at < SERVICES; at++) expect(await reader.instances(`service-${at}`)).toHaveLength(each);

  const watchers = await Promise.all(Array.from({ length: WATCHERS }, open));
  const watches = watchers.map((watcher) => watcher.watch('service-7', () => {}));
  await Promise.all(watches.map(({ ready }) => ready));
  const lease = await reader.register(instance(10_000 * SERVICES + 7));
  await expect.poll(() => watches.filter(({ current }) => current.length === each + 1).length, TIMEOUT).toBe(WATCHERS);
  await lease.release();
  await expect.poll(() => watches.filter(({ current }) => current.length === each).length, TIMEOUT).toBe(WATCHERS);

  // What came in the last tenth of a second may be lost; a look at the file says that it was written.
  await expect.poll(() => registry.savedInstances(), TIMEOUT).toBe(CLIENTS);
  await registry.end('SIGKILL');
  await registry.start();
  const healthy = async () => {
    const names = Array.from({ length: SERVICES }, (_, at) => `service-${at}`);
    const found = await Promise.all(names.map((name) => reader.instances(name)));
    return found.reduce((sum, { length }) => sum + length, 0);
  };
  await expect.poll(healthy, TIMEOUT).toBe(CLIENTS);
  // Longer than the grace that a restart gives: only heartbeats that found back keep them.
  const restartedAtMs = performance.now();
  await expect
    .poll(() => performance.now() - restartedAtMs, { timeout: 30_000, interval: 500 })
    .toBeGreaterThan(12_000);
  await expect.poll(healthy, TIMEOUT).toBe(CLIENTS);
}, 90_000);
