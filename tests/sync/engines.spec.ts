import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRegistry, type Instance, type Registry } from '@rookery/discovery';
import { startOwnDns } from '@rookery/servers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Report } from '../../libs/cli/src/sync/report.ts';
import { synchronize } from '../../libs/cli/src/sync/synchronize.ts';
import { anInstance, type Engine, startEngines } from './engines.ts';
import { RunningSync } from './running-command.ts';

const WITHIN = { timeout: 40_000, interval: 50 };
const LEASE_MS = 3_000;
const QUICK = ['--removals-after', '500ms', '--after-outage', '1s', '--lease', `${LEASE_MS}ms`];

const [engines, dns] = await Promise.all([startEngines(), startOwnDns()]);
afterAll(() => Promise.all([...engines.map(({ server }) => server.stop()), dns?.stop()]));
const embedded = engines.find(({ name }) => name === 'embedded') as Engine;
const others = engines.filter((engine) => engine !== embedded);

const closing: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

const aService = () => `sync-${randomBytes(6).toString('hex')}`;

async function open({ quickUrl }: Pick<Engine, 'quickUrl'>): Promise<Registry> {
  const registry = await createRegistry(quickUrl);
  closing.push(() => registry.close());
  return registry;
}

function sync(from: Pick<Engine, 'quickUrl'>, to: Pick<Engine, 'quickUrl'>, ...flags: string[]): RunningSync {
  const running = new RunningSync(['--from', from.quickUrl, '--to', to.quickUrl, ...QUICK, ...flags]);
  closing.push(() => running.end('SIGKILL'));
  return running;
}

/** The same without a process of its own, until the test is over: ten of them would not fit a small machine. */
function syncHere(from: Engine, to: Engine, service: string): void {
  const stop = new AbortController();
  const report = new Report({ write: () => {} });
  const over = synchronize({
    ...{ from: from.quickUrl, to: to.quickUrl, both: true, isMeant: (name) => name === service },
    times: { removalsAfterMs: 500, afterOutageMs: 1_000, giveUpAfterMs: 600_000 },
    ...{ leaseMs: LEASE_MS, leave: false, report, signal: stop.signal },
    open: (url, log) => createRegistry(url, { log }),
  });
  closing.push(async () => {
    stop.abort();
    await over;
    report.close();
  });
}

/** What the watchers of a service were told. */
async function watching(registry: Registry, service: string): Promise<Instance[][]> {
  const told: Instance[][] = [];
  await registry.watch(service, (instances) => told.push([...instances])).ready;
  return told;
}

const portsOf = (instances: readonly Instance[] = []) => instances.map(({ port }) => port).sort();

/** An instance without what the mirror adds, in one order of keys. */
function facts({ id: _, metadata: { 'mirrored-from': __, ...metadata }, ...rest }: Instance) {
  return { ...rest, metadata };
}

describe('every two engines, mirrored into each other, all at once', () => {
  it('come to rest with each instance once at each, with all that it says', { timeout: 90_000 }, async () => {
    const service = aService();
    const registries = await Promise.all(engines.map(open));
    const own = engines.map(({ name }, at) => anInstance(service, { id: `${service}-${name}`, port: 3_000 + at }));
    await Promise.all(registries.map((registry, at) => registry.register(own[at] as Instance)));
    for (const [at, engine] of engines.entries())
      for (const other of engines.slice(at + 1)) syncHere(engine, other, service);

    const told = await Promise.all(registries.map((registry) => watching(registry, service)));
    const all = portsOf(own);
    await expect.poll(() => told.map((each) => portsOf(each.at(-1))), WITHIN).toEqual(engines.map(() => all));
    for (const [at, each] of told.entries()) {
      for (const instance of each.at(-1) ?? []) {
        const from = engines[instance.port - 3_000];
        expect(facts(instance)).toEqual(facts(anInstance(service, { port: instance.port })));
        expect(instance.metadata['mirrored-from']).toBe(from === engines[at] ? undefined : from?.url);
      }
    }

    const changes = told.map(({ length }) => length);
    await sleep(2_000);
    expect(told.map(({ length }) => length)).toEqual(changes);
  });
});

describe.skipIf(others.length < 3)('three engines in a row', () => {
  it('an instance goes one step, never around and never twice', { timeout: 60_000 }, async () => {
    const [a, b, c] = others as [Engine, Engine, Engine];
    const service = aService();
    const [atA, atB, atC] = await Promise.all([a, b, c].map(open));
    await atA?.register(anInstance(service));
    // The same instance at two neighbours is one that has moved half-way.
    for (const registry of [atB, atC]) await registry?.register(anInstance(service, { id: 'both', port: 3_001 }));
    const told = await Promise.all([atA, atB, atC].map((registry) => watching(registry as Registry, service)));
    sync(a, b, '--both', '--only', service);
    sync(b, c, '--both', '--only', service);
    const expected = [[3_000, 3_001], [3_000, 3_001], [3_001]];
    await expect.poll(() => told.map((each) => portsOf(each.at(-1))), WITHIN).toEqual(expected);
    const changes = told.map(({ length }) => length);
    await sleep(2_000);
    expect(told.map(({ length }) => length)).toEqual(changes);
  });
});

describe('a registry that is killed and comes back', () => {
  it('the other end loses nobody, and it has its own and its mirrors again', { timeout: 120_000 }, async () => {
    const here = await open(embedded);
    await Promise.all(
      // Eureka, which takes longest to start, does as Nacos and knows nobody any more.
      others.slice(0, 3).map(async (engine) => {
        const service = aService();
        const there = await open(engine);
        await here.register(anInstance(service));
        await there.register(anInstance(service, { id: `${service}-2`, port: 3_001 }));
        const told = await watching(here, service);
        const running = sync(embedded, engine, '--both', '--only', service, '--after-outage', '30s');
        const both = [3_000, 3_001];
        const portsThere = async () => portsOf(await there.instances(service).catch(() => []));
        await expect.poll(() => portsOf(told.at(-1)), WITHIN).toEqual(both);
        await expect.poll(portsThere, WITHIN).toEqual(both);

        const changes = told.length;
        await engine.server.kill();
        await expect.poll(() => running.says('is away'), WITHIN).toBe(true);
        await engine.server.start();
        await expect.poll(() => running.says('answers again'), WITHIN).toBe(true);
        await expect.poll(portsThere, WITHIN).toEqual(both);
        expect(told.slice(changes), engine.name).toEqual([]);
      }),
    );
  });
});

describe('an end that is only read', () => {
  it.skipIf(!dns)(
    'DNS is followed into each engine, and what is there ends as its engine can',
    {
      timeout: 90_000,
    },
    async () => {
      const service = aService();
      const records = (...ports: number[]) =>
        ports.map((port) => `srv-host=_http._tcp.${service}.internal,host.internal,${port},0,3`);
      await dns?.set(['host-record=host.internal,10.1.0.1', ...records(3_000, 3_001)]);
      const from = {
        quickUrl: `${dns?.url}?http=_http._tcp.{service}.internal&services=${service},nobody&every=300ms`,
      };
      const registries = await Promise.all(engines.map(open));
      const syncs = engines.map((engine) => sync(from, engine));
      const ports = () => Promise.all(registries.map(async (registry) => portsOf(await registry.instances(service))));
      const everywhere = (...expected: number[]) => engines.map(() => expected);
      await expect.poll(ports, WITHIN).toEqual(everywhere(3_000, 3_001));
      await dns?.set(['host-record=host.internal,10.1.0.1', ...records(3_001)]);
      await expect.poll(ports, WITHIN).toEqual(everywhere(3_001));

      // Half of them get the time to say good-bye; that makes no difference, so that a restart is no gap.
      const ended = await Promise.all(syncs.map((running, at) => running.end(at % 2 === 0 ? 'SIGTERM' : 'SIGKILL')));
      expect(ended).toEqual(engines.map((_, at) => (at % 2 === 0 ? 0 : null)));
      await expect.poll(ports, WITHIN).toEqual(everywhere());
    },
  );
});

describe('an instance that another engine refuses', () => {
  it('is told once, and the others of its service are mirrored all the same', { timeout: 60_000 }, async () => {
    const service = aService();
    const [etcd, ...targets] = ['etcd', 'nacos', 'embedded'].map((name) => engines.find((each) => each.name === name));
    if (!etcd) return;
    const here = await open(etcd);
    const ports = [3_000, 3_001, 3_002];
    for (const port of ports) await here.register(anInstance(service, { id: `${service}-${port}`, port }));
    const metadata = { long: 'x'.repeat(3_000) };
    await here.register(anInstance(service, { id: `${service}-long`, port: 3_003, metadata }));
    for (const target of targets) {
      if (!target) continue;
      const running = sync(etcd, target, '--only', service);
      const there = await open(target);
      await expect.poll(async () => portsOf(await there.instances(service)), WITHIN).toEqual(ports);
      const refusals = () =>
        running.lines.filter((line) => line.includes(`${service}-long`) && line.includes('not taken'));
      await expect.poll(() => refusals().length, WITHIN).toBeGreaterThan(0);
      await sleep(1_500);
      expect(refusals().length).toBe(new Set(refusals().map((line) => line.replace(/^\S+/, ''))).size);
    }
  });
});

describe('an instance that comes and goes every moment', () => {
  it('is no news at the other end', { timeout: 60_000 }, async () => {
    const [etcd = embedded] = others;
    const service = aService();
    const [here, there] = [await open(etcd), await open(embedded)];
    let lease = await here.register(anInstance(service));
    const told = await watching(there, service);
    sync(etcd, embedded, '--only', service, '--removals-after', '4s');
    await expect.poll(() => portsOf(told.at(-1)), WITHIN).toEqual([3_000]);
    const changes = told.length;
    for (let turn = 0; turn < 4; turn++) {
      await lease.release();
      await sleep(300);
      lease = await here.register(anInstance(service));
      await sleep(300);
    }
    expect(told.slice(changes)).toEqual([]);
  });
});

describe('a source that shows most of its instances no more, though it answers', () => {
  it('is given the time of an outage to show them again', { timeout: 60_000 }, async () => {
    const [etcd = embedded] = others;
    const [many, other] = [aService(), aService()];
    const [here, there] = [await open(etcd), await open(embedded)];
    const ports = [3_000, 3_001, 3_002, 3_003];
    const registerAll = () =>
      Promise.all(ports.map((port) => here.register(anInstance(many, { id: `${many}-${port}`, port }))));
    const leases = await registerAll();
    await here.register(anInstance(other));
    const told = await watching(there, many);
    const flags = ['--only', `${many},${other}`, '--removals-after', '500ms', '--after-outage', '3s'];
    const running = sync(etcd, embedded, ...flags);
    await expect.poll(() => portsOf(told.at(-1)), WITHIN).toEqual(ports);
    // What the beginning gives is over.
    await sleep(3_500);
    await Promise.all(leases.map((lease) => lease.release()));
    await expect.poll(() => portsOf(told.at(-1)), WITHIN).toEqual([]);
    await expect.poll(() => running.says(`${many}: -4`), WITHIN).toBe(true);
    const saidAtMs = (text: string) =>
      Date.parse(running.lines.find((line) => line.includes(text))?.split(' ')[0] ?? '');
    expect(saidAtMs(`${many}: -4`) - saidAtMs('of 5 are missing at once')).toBeGreaterThanOrEqual(2_900);
  });
});
