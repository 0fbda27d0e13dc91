import { setTimeout as pause } from 'node:timers/promises';
import { type Address, makeCertificate, TcpProxy } from '@rookery/connections/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Instance, Lease, RegisterOptions, Registry } from '../discovery.ts';
import { anInstance as anyInstance, idsOf, serviceName, until } from './fixtures.ts';

export type { Address } from '@rookery/connections/testing';
export { callApi, publishSlice } from '../drivers/kubernetes/testing/publish-slice.ts';

/** How a client differs from a plain one. */
export interface ClientOptions {
  /** Speaks TLS, and trusts what this file says when it is given. */
  tls?: { caFile?: string };
  namespace?: string;
}

/** A running engine, as the contract drives it. */
export interface RegistryServer {
  /** Where it listens; the contract puts a proxy before it to break the network. */
  address?: Address;
  /**
   * A client of it, through `at` when given. Drivers that notice a silent connection by a time limit set it to at most
   * two seconds here.
   */
  createRegistry(at?: Address, options?: ClientOptions): Promise<Registry>;
  /** Clients of a server that asks for credentials. */
  credentials?: {
    right(): Promise<Registry>;
    wrong(): Promise<Registry>;
    /** The wrong password or token, which no message may show. */
    secret: string;
  };
  /**
   * Where the platform registers instances and not they themselves (cannot: `register`): does what the platform would do,
   * beside the driver.
   */
  publish?(instance: Instance): Promise<Pick<Lease, 'release'>>;
  /** Stops the server, runs `whileDown`, and starts it again at the same address, with or without what it knew. */
  restartServer?(whileDown?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** What an engine may lack; its cases are then skipped by name. */
export type Capability =
  | 'register'
  | 'metadata'
  | 'weight'
  | 'zone'
  | 'grpc-port'
  | 'lease'
  | 'push'
  | 'restart'
  | 'network'
  | 'tls'
  | 'namespace'
  | 'credentials';

export interface RegistryContract {
  start: () => Promise<RegistryServer>;
  cannot?: readonly Capability[];
  /** Address of the instances, for engines that refuse loopback. */
  instanceAddress?: string;
  /** What the engine calls an instance, where it gives the ids. */
  idOf?: (instance: Instance) => string;
  /** Steps in which the engine counts a lease, where they are whole seconds; it rounds up. */
  leaseStepMs?: number;
  /** Of one case, where the engine is slow to start. */
  timeoutMs?: number;
}

const LEASE_MS = 2_500;
/** For an engine's own delays beside the lease. */
const SLACK_MS = 1_500;

/** What every driver must do; each driver's spec calls it with the real engine. */
export function registryContract(
  name: string,
  {
    start,
    cannot = [],
    instanceAddress = '127.0.0.1',
    idOf = ({ id }) => id,
    leaseStepMs = 1,
    timeoutMs = 40_000,
  }: RegistryContract,
): void {
  const can = (capability: Capability) => (title: string, test: () => Promise<void>) =>
    cannot.includes(capability) ? it.skip(`${title} (cannot: ${capability})`, test) : it(title, test);
  const anInstance = (facts: Partial<Instance>): Instance => {
    const instance = anyInstance({ address: instanceAddress, ...facts });
    return { ...instance, id: idOf(instance) };
  };

  describe(`registry contract: ${name}`, { timeout: timeoutMs }, () => {
    let server: RegistryServer;
    const opened: Registry[] = [];
    const proxies: TcpProxy[] = [];

    beforeAll(async () => {
      server = await start();
    }, timeoutMs + 20_000);
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((registry) => registry.close()));
      await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
    });
    afterAll(() => server?.stop());

    async function open(at?: Address, options?: ClientOptions): Promise<Registry> {
      return kept(await server.createRegistry(at, options));
    }
    function kept(registry: Registry): Registry {
      opened.push(registry);
      return registry;
    }
    function register(registry: Registry, instance: Instance, options?: RegisterOptions) {
      return server.publish ? server.publish(instance) : registry.register(instance, options);
    }
    async function proxied(): Promise<TcpProxy> {
      if (!server.address) throw new Error('The server says no address: add the capability "network" to cannot.');
      const proxy = await TcpProxy.before(server.address);
      proxies.push(proxy);
      return proxy;
    }
    async function roundTrip(facts: Partial<Instance>): Promise<Instance | undefined> {
      const registry = await open();
      const instance = anInstance(facts);
      const lease = await register(registry, instance);
      const found = await until('the instance is listed', async () => (await registry.instances(instance.service))[0]);
      await lease.release();
      return { ...found, id: instance.id, service: instance.service };
    }

    describe('registration', () => {
      it('lists a registered instance and its service, for every client', async () => {
        const [registry, other] = [await open(), await open()];
        const instance = anInstance({});
        await register(registry, instance);
        await until('it is listed', async () => (await other.instances(instance.service)).length === 1);
        expect(await other.instances(instance.service)).toEqual([instance]);
        await until('its service is listed', async () => (await other.services()).includes(instance.service));
      });

      it('answers no instances for a service that nobody knows', async () => {
        expect(await (await open()).instances(serviceName())).toEqual([]);
      });

      can('metadata')('keeps metadata whatever characters its keys have', async () => {
        const metadata = { version: '1.2.3', openapi: '/openapi.json', 'team.name/with spaces': 'größe 票', empty: '' };
        expect((await roundTrip({ metadata }))?.metadata).toEqual(metadata);
      });

      can('weight')('keeps the weight, also 0 and fractions', async () => {
        for (const weight of [0, 0.5, 7]) expect((await roundTrip({ weight }))?.weight).toBe(weight);
      });

      can('zone')('keeps the zone', async () => {
        expect((await roundTrip({ zone: 'eu-1b' }))?.zone).toBe('eu-1b');
        expect(await roundTrip({})).not.toHaveProperty('zone');
      });

      can('grpc-port')('keeps both ports', async () => {
        expect(await roundTrip({ port: 3000, grpcPort: 4000 })).toMatchObject({ port: 3000, grpcPort: 4000 });
        expect(await roundTrip({ port: 3000 })).not.toHaveProperty('grpcPort');
      });

      if (cannot.includes('register'))
        it('answers an empty lease, without asking the engine', async () => {
          const registry = await open();
          const instance = anInstance({});
          const lease = await registry.register(instance);
          expect(lease.instance).toEqual(instance);
          expect(await registry.instances(instance.service)).toEqual([]);
          await lease.release();
          await lease.release();
        });

      it('takes a released instance out at once, and lets it be released again', async () => {
        const registry = await open();
        const instance = anInstance({});
        const lease = await register(registry, instance);
        await until('it is listed', async () => (await registry.instances(instance.service)).length === 1);
        await lease.release();
        await lease.release();
        await until('it is gone', async () => (await registry.instances(instance.service)).length === 0);
        await until('so is its service', async () => !(await registry.services()).includes(instance.service));
      });

      can('lease')('drops a crashed instance within its lease, and keeps one that heartbeats', async () => {
        const proxy = cannot.includes('network') ? undefined : await proxied();
        const [crashing, living, reader] = [await open(proxy?.address), await open(), await open()];
        const service = serviceName();
        const living1 = anInstance({ service, id: `${service}-living` });
        await register(living, living1, { leaseMs: LEASE_MS });
        await register(crashing, anInstance({ service, id: `${service}-crashing` }), { leaseMs: LEASE_MS });
        await until('both are listed', async () => (await reader.instances(service)).length === 2);
        const sent = proxy?.requests ?? 0;
        if (proxy) await until('it has renewed its lease', () => proxy.requests > sent + 1);
        await crashing.close();
        const crashedAtMs = performance.now();
        const countedMs = Math.ceil(LEASE_MS / leaseStepMs) * leaseStepMs;
        await until('one is gone', async () => (await reader.instances(service)).length === 1, countedMs + SLACK_MS);
        const rest = LEASE_MS - (performance.now() - crashedAtMs);
        await until('a whole lease is over', () => performance.now() - crashedAtMs > LEASE_MS, rest + SLACK_MS);
        expect(await reader.instances(service)).toEqual([living1]);
      });

      can('lease')('registers again an instance that the engine has forgotten', async () => {
        const [registry, other] = [await open(), await open()];
        const instance = anInstance({});
        await register(registry, instance, { leaseMs: LEASE_MS });
        const same = await register(other, instance, { leaseMs: LEASE_MS });
        await same.release();
        await until('it is back', async () => (await other.instances(instance.service)).length === 1);
        expect(await other.instances(instance.service)).toEqual([instance]);
      });
    });

    describe('watching', () => {
      it('sees each change, in order', async () => {
        const [registry, watcher] = [await open(), await open()];
        const service = serviceName();
        const seen: string[][] = [];
        const watch = watcher.watch(service, (instances) => seen.push(idsOf(instances)));
        await watch.ready;
        const [a, b] = ['a', 'b'].map((name) => anInstance({ service, id: `${service}-${name}` }));
        if (!a || !b) throw new Error('two instances');
        const sees = (...instances: Instance[]) =>
          until('it sees the change', () => seen.at(-1)?.join() === idsOf(instances).join());
        const leaseA = await register(registry, a);
        await sees(a);
        const leaseB = await register(registry, b);
        await sees(a, b);
        await leaseA.release();
        await sees(b);
        await leaseB.release();
        await sees();
        expect(seen).toEqual([[], [a.id], [a.id, b.id], [b.id], []]);
        expect(watch.current).toEqual([]);
      });

      const pushed = cannot.includes('push') ? can('push') : can('network');
      pushed('is told of changes without polling', async () => {
        const [registry, proxy] = [await open(), await proxied()];
        const watcher = await open(proxy.address);
        const service = serviceName();
        const startedAtMs = performance.now();
        const watch = watcher.watch(service, () => {});
        await watch.ready;
        const rounds = 4;
        for (let round = 0; round < rounds; round++) {
          const lease = await register(registry, anInstance({ service }));
          await until('it came', () => watch.current.length === 1);
          await lease.release();
          await until('it went', () => watch.current.length === 0);
        }
        const seconds = (performance.now() - startedAtMs) / 1_000;
        expect(proxy.requests).toBeLessThan(3 * (2 * rounds + 1) + 2 * seconds);
      });

      it('never goes back while instances come one after another', async () => {
        const [registry, watcher] = [await open(), await open()];
        const service = serviceName();
        const seen: number[] = [];
        const watch = watcher.watch(service, (instances) => seen.push(instances.length));
        await watch.ready;
        const instances = Array.from({ length: 8 }, (_, at) => anInstance({ service, id: `${service}-${at}` }));
        for (const instance of instances) await register(registry, instance);
        await until('it sees all', () => seen.at(-1) === instances.length);
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(watch.current).toEqual(instances);
      });

      it('sees the names of services come and go', async () => {
        const registry = await open();
        let names: readonly string[] = [];
        const watch = registry.watchServices((services) => {
          names = services;
        });
        await watch.ready;
        const instance = anInstance({});
        const lease = await register(registry, instance);
        await until('it came', () => names.includes(instance.service));
        await lease.release();
        await until('it went', () => !names.includes(instance.service));
      });

      it('tells nothing more after its watch is closed', async () => {
        const registry = await open();
        const service = serviceName();
        const [closed, going]: string[][][] = [[], []];
        const first = registry.watch(service, (instances) => closed?.push(idsOf(instances)));
        const second = registry.watch(service, (instances) => going?.push(idsOf(instances)));
        await Promise.all([first.ready, second.ready]);
        first.close();
        await register(registry, anInstance({ service }));
        await until('the other watch sees it', () => going?.at(-1)?.length === 1);
        expect(closed).toEqual([[]]);
      });
    });

    describe('a registry that is away', () => {
      can('network')('is said in one sentence that names DISCOVERY_URL, within the deadline', async () => {
        const proxy = await proxied();
        const registry = await open(proxy.address);
        proxy.cut();
        const calls = [
          ...(cannot.includes('register') ? [] : [() => registry.register(anInstance({}))]),
          () => registry.services(),
          () => registry.instances('a'),
        ];
        for (const call of calls) {
          const startedAtMs = performance.now();
          await expect(call()).rejects.toMatchObject({
            code: 'DISCOVERY_UNREACHABLE',
            status: 503,
            message: expect.stringContaining('DISCOVERY_URL'),
          });
          expect(performance.now() - startedAtMs).toBeLessThan(5_000);
        }
      });

      can('network')('leaves the last known instances, and releasing does not throw', async () => {
        const proxy = await proxied();
        const registry = await open(proxy.address);
        const instance = anInstance({});
        const lease = await register(registry, instance);
        const watch = registry.watch(instance.service, () => {});
        await until('it is seen', () => watch.current.length === 1);
        const before = proxy.connectedAtMs.length;
        proxy.cut();
        await until('the driver has tried again', () => proxy.connectedAtMs.length > before + 1);
        expect(watch.current).toEqual([instance]);
        await expect(lease.release()).resolves.toBeUndefined();
      });

      can('restart')('leaves the last known instances; afterwards they are registered and watched again', async () => {
        const registry = await open();
        const instance = anInstance({});
        await register(registry, instance, { leaseMs: LEASE_MS });
        const seen: string[][] = [];
        const watch = registry.watch(instance.service, (instances) => seen.push(idsOf(instances)));
        let names: readonly string[] = [];
        registry.watchServices((services) => {
          names = services;
        });
        await until('it is seen', () => watch.current.length === 1 && names.includes(instance.service));
        await server.restartServer?.(async () => {
          await expect(registry.instances(instance.service)).rejects.toMatchObject({ code: 'DISCOVERY_UNREACHABLE' });
          expect(watch.current).toEqual([instance]);
          expect(names).toContain(instance.service);
        });
        const fresh = await open();
        await until('it is registered', async () => (await fresh.instances(instance.service)).length === 1, 15_000);
        await until('it is seen again', () => watch.current.length === 1, 15_000);
        const second = anInstance({ service: instance.service, id: `${instance.id}-second` });
        await register(fresh, second);
        await until('the watch goes on', () => watch.current.length === 2, 15_000);
        const other = anInstance({});
        await register(fresh, other);
        await until('that of the names too', () => names.includes(other.service), 15_000);
        expect(names).toContain(instance.service);
      });

      can('network')('is seen as it is when it is back, whatever came and went meanwhile', async () => {
        const proxy = await proxied();
        const [far, near] = [await open(proxy.address), await open()];
        const service = serviceName();
        const [gone, came] = ['gone', 'came'].map((name) => anInstance({ service, id: `${service}-${name}` }));
        if (!gone || !came) throw new Error('two instances');
        const lease = await register(near, gone);
        const watch = far.watch(service, () => {});
        let names: readonly string[] = [];
        far.watchServices((services) => {
          names = services;
        });
        await until('it is seen', () => watch.current.length === 1 && names.includes(service));
        proxy.cut();
        await lease.release();
        const other = anInstance({});
        for (const instance of [came, other]) await register(near, instance);
        await until('they are listed', async () => (await near.services()).includes(other.service));
        expect(idsOf(watch.current)).toEqual([gone.id]);
        proxy.heal();
        await until('the watch has caught up', () => idsOf(watch.current).join() === came.id, 15_000);
        await until('that of the names too', () => names.includes(other.service), 15_000);
      });

      can('lease')('gets back no instance that was released while it was away', async () => {
        const proxy = await proxied();
        const [far, near] = [await open(proxy.address), await open()];
        const instance = anInstance({});
        const lease = await far.register(instance, { leaseMs: LEASE_MS });
        await until('it is listed', async () => (await near.instances(instance.service)).length === 1);
        proxy.cut();
        await lease.release();
        proxy.heal();
        const countedMs = Math.ceil(LEASE_MS / leaseStepMs) * leaseStepMs;
        const isGone = async () => (await near.instances(instance.service)).length === 0;
        await until('it is gone', isGone, countedMs + SLACK_MS + 2_000);
        const endsAtMs = performance.now() + LEASE_MS;
        while (performance.now() < endsAtMs) {
          expect(await isGone()).toBe(true);
          await pause(100);
        }
      });

      const cutOff = cannot.includes('lease') ? can('lease') : can('network');
      cutOff('registers again once it was cut off for longer than its lease, and sees what it missed', async () => {
        const proxy = await proxied();
        const [far, near] = [await open(proxy.address), await open()];
        const service = serviceName();
        const [mine, other] = ['mine', 'other'].map((name) => anInstance({ service, id: `${service}-${name}` }));
        if (!mine || !other) throw new Error('two instances');
        await far.register(mine, { leaseMs: LEASE_MS });
        const watch = far.watch(service, () => {});
        await until('it is seen', () => watch.current.length === 1);
        proxy.cut();
        await until('its lease is over', async () => (await near.instances(service)).length === 0);
        expect(watch.current).toEqual([mine]);
        await near.register(other);
        proxy.heal();
        await until('it is back', async () => (await near.instances(service)).length === 2, 15_000);
        expect(await near.instances(service)).toEqual([mine, other]);
        await until('the watch has caught up', () => watch.current.length === 2);
      });

      can('network')('is noticed when a connection dies in silence: the next change arrives', async () => {
        const proxy = await proxied();
        const [registry, watcher] = [await open(), await open(proxy.address)];
        const service = serviceName();
        const watch = watcher.watch(service, () => {});
        await watch.ready;
        proxy.silence();
        await register(registry, anInstance({ service }));
        await until('the change arrives', () => watch.current.length === 1, 10_000);
      });

      can('network')('is not stormed: many clients come back at different times', async () => {
        const clients = 30;
        const proxy = await proxied();
        const service = serviceName();
        const watchers = await Promise.all(Array.from({ length: clients }, () => open(proxy.address)));
        await Promise.all(watchers.map((watcher) => watcher.watch(service, () => {}).ready));
        const before = proxy.connectedAtMs.length;
        proxy.cut();
        const tries = () => proxy.connectedAtMs.slice(before);
        await until('each has tried four times', () => tries().length >= 4 * clients, 12_000);
        // A herd would stand in two moments, one for each of its last two tries; a busy machine may hold some back together.
        const moments = new Set(
          tries()
            .slice(-2 * clients)
            .map((atMs) => Math.floor(atMs / 20)),
        );
        expect(moments.size).toBeGreaterThan(8);
      });
    });

    describe('who may ask', () => {
      can('namespace')('keeps namespaces apart', async () => {
        const [registry, other] = [await open(), await open(undefined, { namespace: 'elsewhere' })];
        const instance = anInstance({});
        await register(registry, instance);
        await until('it is listed', async () => (await registry.instances(instance.service)).length === 1);
        expect(await other.instances(instance.service)).toEqual([]);
        expect(await other.services()).not.toContain(instance.service);
      });

      can('tls')('speaks TLS with a server that it trusts, and with no other', async () => {
        if (!server.address) throw new Error('The server says no address: add the capability "tls" to cannot.');
        const certificate = makeCertificate();
        const proxy = await TcpProxy.before(server.address, certificate);
        proxies.push(proxy);
        const registry = await open(proxy.address, { tls: { caFile: certificate.caFile } });
        const instance = anInstance({});
        await register(registry, instance);
        await until('it is listed', async () => (await registry.instances(instance.service)).length === 1);
        certificate.remove();
        await expect((await open(proxy.address, { tls: {} })).services()).rejects.toMatchObject({
          code: 'DISCOVERY_UNREACHABLE',
          message: expect.stringMatching(/certificate/),
        });
      });

      can('credentials')('is asked for credentials, which no message shows', async () => {
        if (!server.credentials) throw new Error('The server says no credentials: add the capability to cannot.');
        const { right, wrong, secret } = server.credentials;
        const [known, unknown] = [kept(await right()), kept(await wrong())];
        const instance = anInstance({});
        await known.register(instance);
        await until('it is listed', async () => (await known.instances(instance.service)).length === 1);
        for (const call of [() => unknown.register(anInstance({})), () => unknown.instances(instance.service)]) {
          const error = await call().then(
            () => new Error('it was answered'),
            (refusal: Error) => refusal,
          );
          expect(error).toMatchObject({ code: 'DISCOVERY_REFUSED', message: expect.stringContaining('DISCOVERY_URL') });
          expect(error.message).not.toContain(secret);
        }
      });
    });

    const held = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|TLS|UDP/.test(kind)).length;

    can('network')('leaves no handle after close while the registry is away', async () => {
      const proxy = await proxied();
      const before = held();
      const registry = await server.createRegistry(proxy.address);
      const instance = anInstance({});
      await register(registry, instance);
      const watch = registry.watch(instance.service, () => {});
      await watch.ready;
      const tries = proxy.connectedAtMs.length;
      proxy.cut();
      await until('it has tried again', () => proxy.connectedAtMs.length > tries + 1);
      await registry.close();
      await until('its sockets and timers are gone', () => held() <= before);
    });

    it('leaves no handle after close, also of watches and heartbeats', async () => {
      const before = held();
      const registry = await server.createRegistry();
      const instance = anInstance({});
      await register(registry, instance);
      const watch = registry.watch(instance.service, () => {});
      registry.watchServices(() => {});
      await watch.ready;
      await registry.close();
      await registry.close();
      await until('its sockets and timers are gone', () => held() <= before);
      const calls: (() => Promise<unknown>)[] = [() => registry.instances(instance.service), () => registry.services()];
      if (!cannot.includes('register')) calls.push(() => registry.register(instance));
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'DISCOVERY_CLOSED' });
      expect(() => registry.watch(instance.service, () => {})).toThrow(/closed/);
      expect(() => registry.watchServices(() => {})).toThrow(/closed/);
    });
  });
}
