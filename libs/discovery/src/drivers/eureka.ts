/**
 * Engine: Eureka's REST API: Spring Cloud Netflix (tested on 4.3) and Netflix' own server.
 * Client: node's own HTTP. npm `eureka-js-client` (4.5) is built on `request`, which is abandoned, and keeps one instance.
 * Eureka cannot push: a watch asks again every `every` (5 s). The server answers from a cache that may be 30 s old
 * (`responseCacheUpdateIntervalMs`, `useReadOnlyResponseCache`), or 180 s (`responseCacheAutoExpirationInSeconds`) where a
 * change came while it was being filled; and it removes what is dead only once a minute (`evictionIntervalTimerInMs`), or
 * not at all while it preserves itself. A lease counts in steps of 2 s.
 * Names of services are in capitals there; ours are taken from `vipAddress`. Cannot: namespaces.
 */

import { parseServerUrl } from '@rookery/connections';
import type { RegistryOptions } from '../create-registry.ts';
import type { Instance, InstancesListener, Lease, RegisterOptions, Registry, Watch } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import type { Heartbeats } from '../heartbeat-lease.ts';
import { HeartbeatLeases } from '../heartbeat-leases.ts';
import { PolledWatch } from '../polled-watch.ts';
import { EurekaConnection } from './eureka/eureka-connection.ts';
import { type EurekaInstance, nameOf, toEureka, toInstances } from './eureka/eureka-instance.ts';

const LEASE_MS = 10_000;
const EVERY_MS = 5_000;

interface Application {
  instance: EurekaInstance[] | EurekaInstance;
}

/** @param text `eureka+http://user:password@host:8761,host:8761/eureka?every=5s`; `eureka+https://` with `ca-file`, … */
export function createEurekaRegistry(text: string, { log }: RegistryOptions = {}): Registry {
  const url = parseServerUrl(
    text,
    {
      example: 'eureka+http://host:8761/eureka',
      port: 8761,
      secureSchemes: ['eureka+https'],
      parameters: ['every'],
    },
    discoveryErrors,
  );
  const connection = new EurekaConnection({ ...url, path: url.path || 'eureka' });
  return new EurekaRegistry(connection, url.durationMs('every', EVERY_MS), log);
}

class EurekaRegistry implements Registry {
  readonly #leases: HeartbeatLeases;
  readonly #watches = new Set<{ close(): void }>();

  constructor(
    private readonly connection: EurekaConnection,
    private readonly everyMs: number,
    private readonly log: RegistryOptions['log'],
  ) {
    this.#leases = new HeartbeatLeases(log);
  }

  async register(instance: Instance, { leaseMs = LEASE_MS }: RegisterOptions = {}): Promise<Lease> {
    return this.#leases.register(instance, leaseMs, this.#heartbeats(instance, leaseMs));
  }

  async services(signal?: AbortSignal): Promise<string[]> {
    const { body } = await this.#get('/apps', 'list the services', signal);
    const { applications } = JSON.parse(body) as { applications?: { application?: Application[] } };
    const up = (applications?.application ?? []).flatMap(instancesIn).filter(({ status }) => status === 'UP');
    return [...new Set(up.map(nameOf))].sort();
  }

  async instances(service: string, signal?: AbortSignal): Promise<Instance[]> {
    const path = `/apps/${encodeURIComponent(service.toUpperCase())}`;
    const { status, body } = await this.#get(path, `list the instances of ${service}`, signal);
    if (status === 404) return [];
    const { application } = JSON.parse(body) as { application?: Application };
    return toInstances(instancesIn(application), service);
  }

  watch(service: string, listener: InstancesListener): Watch {
    return this.#watch<readonly Instance[]>(`the instances of ${service}`, [], listener, (signal) =>
      this.instances(service, signal),
    );
  }

  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void } {
    return this.#watch<readonly string[]>('the services', [], listener, (signal) => this.services(signal));
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    this.#leases.close();
    this.connection.close();
  }

  #get(path: string, what: string, signal: AbortSignal | undefined) {
    return this.connection.call({ method: 'GET', path, what, ...(signal ? { signal } : {}) });
  }

  #watch<T>(watched: string, initial: T, listener: (value: T) => void, read: (signal: AbortSignal) => Promise<T>) {
    if (this.connection.closed) throw discoveryErrors.closed();
    const { everyMs, log } = this;
    const onClose = (): void => {
      this.#watches.delete(watch);
    };
    const watch: PolledWatch<T> = new PolledWatch<T>({ watched, everyMs, initial, read, listener, onClose, log });
    this.#watches.add(watch);
    return watch;
  }

  #heartbeats(instance: Instance, leaseMs: number): Heartbeats {
    const { connection } = this;
    const body = toEureka(instance, leaseMs);
    const app = `/apps/${encodeURIComponent(body.instance.app)}`;
    const path = `${app}/${encodeURIComponent(instance.id)}`;
    return {
      async register() {
        await connection.call({ method: 'POST', path: app, what: `register ${instance.id}`, body });
      },
      async beat(signal) {
        const what = `take the heartbeat of ${instance.id}`;
        return (await connection.call({ method: 'PUT', path, what, signal })).status !== 404;
      },
      async deregister() {
        await connection.call({ method: 'DELETE', path, what: `deregister ${instance.id}` });
      },
    };
  }
}

/** A server that answers JSON made from XML leaves out the list around a single one. */
const instancesIn = (application: Application | undefined): EurekaInstance[] =>
  application === undefined ? [] : [application.instance].flat();
