import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRegistry, type Instance, type Registry, Upstreams } from '@rookery/discovery';
import { hasEureka, type OwnServer, startConsul, startOwnConsul, startOwnEureka } from '@rookery/servers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedRegistry } from './embedded-registry.ts';
import { RunningCommand, RunningSync } from './running-command.ts';

const WITHIN = { timeout: 20_000, interval: 25 };
const LEASE_MS = 2_500;
const QUICK = ['--removals-after', '500ms', '--after-outage', '1s'];

const syncs: RunningCommand[] = [];
const opened: Registry[] = [];
let embedded: OwnServer;
beforeAll(async () => {
  embedded = await startEmbeddedRegistry();
}, 60_000);
afterEach(async () => {
  await Promise.all(syncs.splice(0).map((sync) => sync.end('SIGKILL')));
  await Promise.all(opened.splice(0).map((registry) => registry.close()));
});
afterAll(() => embedded?.stop());

function sync(...flags: string[]): RunningSync {
  const running = new RunningSync(flags);
  syncs.push(running);
  return running;
}

/** Watches close a connection that is silent for a second: a restart is noticed soon. */
async function open({ url }: { url: string }): Promise<Registry> {
  const registry = await createRegistry(`${url}?${url.startsWith('eureka') ? 'every=200ms' : 'wait=1s'}`);
  opened.push(registry);
  return registry;
}

const aService = () => `sync-${randomBytes(6).toString('hex')}`;
const anInstance = (service: string, facts: Partial<Instance> = {}): Instance => ({
  id: `${service}-1`,
  service,
  address: '127.0.0.1',
  port: 3_000,
  weight: 1,
  metadata: {},
  ...facts,
});

/** What the watchers of a service were told. */
async function watching(registry: Registry, service: string): Promise<Instance[][]> {
  const told: Instance[][] = [];
  await registry.watch(service, (instances) => told.push([...instances])).ready;
  return told;
}

const [EUREKA, CONSUL] = await Promise.all([hasEureka ? startOwnEureka() : undefined, startConsul()]);
afterAll(() => Promise.all([EUREKA?.stop(), CONSUL?.stop()]));

describe.skipIf(!EUREKA || !CONSUL)('a real Eureka, mirrored into a real Consul', () => {
  const ends = () => ['--from', `${EUREKA?.url}?every=200ms`, '--to', `${CONSUL?.url}?wait=1s`];

  it('shows there what is registered here, with all that it says, until it is gone', { timeout: 60_000 }, async () => {
    const [source, target] = [await open(EUREKA as OwnServer), await open(CONSUL as OwnServer)];
    const [service, other] = [aService(), aService()];
    sync(...ends(), ...QUICK, '--only', `${service},nothing-*`);
    const facts = { grpcPort: 4_000, weight: 3, zone: 'eu-1b', metadata: { version: '1.2', 'a key': 'größe' } };
    await source.register(anInstance(other));
    const lease = await source.register(anInstance(service, facts), { leaseMs: LEASE_MS });
    const told = await watching(target, service);
    await expect.poll(() => told.at(-1)?.length, WITHIN).toBe(1);
    const [mirrored] = told.at(-1) ?? [];
    expect(mirrored).toEqual({
      ...anInstance(service, facts),
      id: mirrored?.id,
      metadata: { ...facts.metadata, 'mirrored-from': EUREKA?.url },
    });

    await source.register(anInstance(service, { ...facts, weight: 5 }), { leaseMs: LEASE_MS });
    await expect
      .poll(
        () =>
          told
            .at(-1)
            ?.map(({ weight }) => weight)
            .join(),
        WITHIN,
      )
      .toBe('5');
    expect(told.slice(1).every((instances) => instances.length > 0)).toBe(true);

    const crashing = await createRegistry(EUREKA?.url);
    await crashing.register(anInstance(service, { id: `${service}-2`, port: 3_001 }), { leaseMs: LEASE_MS });
    await expect.poll(() => told.at(-1)?.length, WITHIN).toBe(2);
    await crashing.close();
    await expect.poll(() => told.at(-1)?.length, WITHIN).toBe(1);
    expect(await target.instances(other)).toEqual([]);
    await lease.release();
  });

  it('lets callers of the target reach a service that knows the source alone', { timeout: 60_000 }, async () => {
    const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const [source, target] = [await open(EUREKA as OwnServer), await open(CONSUL as OwnServer)];
    const service = aService();
    await source.register(anInstance(service, { port: (server.address() as AddressInfo).port }));
    sync(...ends(), '--only', service);
    const upstreams = new Upstreams(target);
    try {
      await expect.poll(() => upstreams.of(service).pick(), WITHIN).toBeDefined();
      const { address, port } = upstreams.of(service).pick() ?? {};
      expect(await (await fetch(`http://${address}:${port}/`)).text()).toBe('reached');
    } finally {
      upstreams.close();
      server.close();
    }
  });
});

describe.skipIf(!CONSUL)('the embedded registry and a real Consul, mirrored into each other', () => {
  it('comes to rest with each instance once on each side, and follows who leaves and comes back', {
    timeout: 60_000,
  }, async () => {
    const [a, b] = [await open(embedded), await open(CONSUL as OwnServer)];
    const service = aService();
    const lease = await a.register(anInstance(service, { id: `${service}-a` }));
    await b.register(anInstance(service, { id: `${service}-b`, port: 3_001 }));
    for (const registry of [a, b]) await registry.register(anInstance(service, { id: `${service}-c`, port: 3_002 }));
    const [atA, atB] = [await watching(a, service), await watching(b, service)];
    sync('--from', embedded.url, '--to', CONSUL?.url ?? '', '--both', ...QUICK, '--only', service);
    const ports = (told: Instance[][]) =>
      told
        .at(-1)
        ?.map(({ port }) => port)
        .sort();
    await expect.poll(() => [ports(atA), ports(atB)], WITHIN).toEqual(Array(2).fill([3_000, 3_001, 3_002]));
    const changes = atA.length + atB.length;
    await sleep(3_000);
    expect(atA.length + atB.length).toBe(changes);

    await lease.release();
    await expect.poll(() => ports(atB), WITHIN).toEqual([3_001, 3_002]);
    await a.register(anInstance(service, { id: `${service}-a` }));
    await expect.poll(() => ports(atB), WITHIN).toEqual([3_000, 3_001, 3_002]);
  });
});

describe.skipIf(!CONSUL)('names that Consul alone takes', () => {
  const call = (path: string, body?: unknown) =>
    fetch(`${CONSUL?.url.replace('consul:', 'http:')}/v1/agent/service/${path}`, {
      method: 'PUT',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('are told once, and hold up nobody else, in neither direction', { timeout: 60_000 }, async () => {
    const [a, b] = [await open(CONSUL as OwnServer), await open(embedded)];
    const service = aService();
    const odd = ['..', `a ${service}`, `\u001b[2J${service}`];
    const check = { TTL: '60s', Status: 'passing' };
    for (const [at, Name] of odd.entries())
      await call('register', { Name, ID: `${service}-odd-${at}`, Address: '10.0.0.1', Port: 80, Check: check });
    await a.register(anInstance(service));
    await b.register(anInstance(service, { id: `${service}-2`, port: 3_001 }));
    const ends = ['--from', CONSUL?.url ?? '', '--to', embedded.url, '--both', '--only', `*${service}*,..`];
    const shown = new RunningCommand(['sync', ...ends, '--dry-run']);
    syncs.push(shown);
    const running = sync(...ends, ...QUICK);
    const ports = async (registry: Registry) => (await registry.instances(service)).map(({ port }) => port).sort();
    for (const registry of [a, b]) await expect.poll(() => ports(registry), WITHIN).toEqual([3_000, 3_001]);
    for (const name of ['..', `a ${service}`, `?[2J${service}`])
      expect(running.lines.filter((line) => line.includes(`"${name}" is no service name`))).toHaveLength(1);
    await expect.poll(() => shown.says('would be mirrored.'), WITHIN).toBe(true);
    expect(shown.lines.filter((line) => line.includes('no service name'))).toHaveLength(3);
    expect([...running.lines, ...shown.lines].join('')).not.toContain('\u001b');
    for (const at of odd.keys()) await call(`deregister/${service}-odd-${at}`);
  });
});

describe.skipIf(!CONSUL || !('kill' in CONSUL))('a source that is away', () => {
  it('does not flap at the target when it forgot all, and is dropped when it stays away', {
    timeout: 60_000,
  }, async () => {
    const consul = (await startOwnConsul()) as OwnServer;
    try {
      const [source, target] = [await open(consul), await open(embedded)];
      const service = aService();
      await source.register(anInstance(service), { leaseMs: LEASE_MS });
      const told = await watching(target, service);
      const ends = ['--from', `${consul.url}?wait=1s`, '--to', embedded.url, '--only', service];
      const running = sync(...ends);
      await expect.poll(() => told.at(-1)?.length, WITHIN).toBe(1);
      const changes = told.length;

      await consul.kill();
      await expect.poll(() => running.says('is away'), WITHIN).toBe(true);
      await consul.start();
      const fresh = await open(consul);
      await expect.poll(async () => (await fresh.instances(service)).length, WITHIN).toBe(1);
      await expect.poll(() => running.says('answers again'), WITHIN).toBe(true);
      await sleep(1_500);
      expect(told.length).toBe(changes);

      expect(await running.end()).toBe(0);
      const impatient = sync(...ends, '--give-up-after', '2s');
      await expect.poll(() => impatient.says('1 instances of 1 services'), WITHIN).toBe(true);
      await consul.kill();
      await expect.poll(() => told.at(-1)?.length, WITHIN).toBe(0);
      expect(told.length).toBe(changes + 1);
    } finally {
      await consul.stop();
    }
  });
});

describe.skipIf(!CONSUL)('a sync that ends', () => {
  const ends = (service: string) => ['--from', CONSUL?.url ?? '', '--to', embedded.url, '--only', service, ...QUICK];

  it('leaves what it mirrored for its lease, and the next takes it over unseen', { timeout: 60_000 }, async () => {
    const [source, target] = [await open(CONSUL as OwnServer), await open(embedded)];
    const service = aService();
    const lease = await source.register(anInstance(service));
    const told = await watching(target, service);
    const first = sync(...ends(service));
    await expect.poll(() => told.at(-1)?.length, WITHIN).toBe(1);
    const changes = told.length;
    expect(await first.end()).toBe(0);
    expect(first.says('for its lease of 60 s')).toBe(true);

    const second = sync(...ends(service));
    await expect.poll(() => second.says('takes over 1'), WITHIN).toBe(true);
    await expect.poll(() => second.says('1 instances of 1 services'), WITHIN).toBe(true);
    expect(told.length).toBe(changes);
    await lease.release();
    await expect.poll(() => told.at(-1)?.length, WITHIN).toBe(0);
  });

  it('releases what it mirrored when it is told to leave', { timeout: 60_000 }, async () => {
    const [source, target] = [await open(CONSUL as OwnServer), await open(embedded)];
    const service = aService();
    await source.register(anInstance(service));
    const running = sync(...ends(service), '--leave');
    await expect.poll(async () => (await target.instances(service)).length, WITHIN).toBe(1);
    expect(await running.end()).toBe(0);
    expect(await target.instances(service)).toEqual([]);
  });
});
