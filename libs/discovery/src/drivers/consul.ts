/**
 * Engine: Consul's HTTP API, version 1: the embedded registry (apps/registry) and Consul itself.
 * Client: npm `consul` 2, the maintained one; it knows blocking queries and lets a request be cancelled.
 * What Consul has no field for (gRPC port, weight, zone) travels in Meta; Consul's own Weights cannot be 0.
 * A service without any check is well, as it is to Consul; where some instances have checks, those alone decide of its name.
 */

import { type CallLimits, type ConsulAddress, ConsulConnection, parseConsulUrl } from '@rookery/connections/consul';
import type { RegistryOptions } from '../create-registry.ts';
import type { Instance, InstancesListener, Lease, RegisterOptions, Registry, Watch } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import { HeartbeatLeases } from '../heartbeat-leases.ts';
import { Observation } from '../observation.ts';
import { BlockingWatch, type BlockingWatchOptions } from './consul/blocking-watch.ts';
import { consulHeartbeats } from './consul/consul-heartbeats.ts';
import { HeartbeatStream } from './consul/heartbeat-stream.ts';
import { toCatalogueNames, toCheckedServices, toInstances } from './consul/service-entry.ts';
import { ServiceNames, unchecked, wellOf } from './consul/service-names.ts';

const LEASE_MS = 10_000;
/** The names of services come with every check that there is, after each change of any: the more, the more seldom asked. */
const REST_MS_PER_ENTRY = 0.1;
const LONGEST_REST_MS = 2_000;
const restMs = (body: unknown): number => Math.min(Object.keys(body ?? {}).length * REST_MS_PER_ENTRY, LONGEST_REST_MS);

/** @param url `consul://host:8500?token=…&dc=…&wait=15s`; `http://` and `https://` mean the same API */
export function createConsulRegistry(url: string, options: RegistryOptions = {}): Registry {
  return new ConsulRegistry(parseConsulUrl(url, discoveryErrors), options);
}

class ConsulRegistry implements Registry {
  readonly #connection: ConsulConnection;
  /** The one stream of heartbeats, where the server takes them so. */
  readonly #stream: HeartbeatStream;
  readonly #waitMs: number;
  readonly #log: RegistryOptions['log'];
  readonly #leases: HeartbeatLeases;
  readonly #watches = new Set<{ close(): void }>();
  #closed = false;

  constructor(address: ConsulAddress, { log }: RegistryOptions) {
    this.#connection = new ConsulConnection(address);
    this.#stream = new HeartbeatStream(address);
    this.#waitMs = address.waitMs;
    this.#log = log;
    this.#leases = new HeartbeatLeases(log);
  }

  async register(instance: Instance, { leaseMs = LEASE_MS }: RegisterOptions = {}): Promise<Lease> {
    return this.#leases.register(
      instance,
      leaseMs,
      consulHeartbeats(instance, leaseMs, this.#connection, this.#stream),
    );
  }

  async services(): Promise<string[]> {
    const catalogue = toCatalogueNames((await this.#catalogue(0)).body);
    const checks = toCheckedServices((await this.#states(0)).body);
    const others = await wellOf(unchecked(checks, catalogue), (name) => this.#isWell(name));
    return [...checks.well, ...others].sort();
  }

  async instances(service: string): Promise<Instance[]> {
    return toInstances((await this.#healthy(service, 0)).body);
  }

  watch(service: string, listener: InstancesListener): Watch {
    return this.#watch<readonly Instance[]>({
      ...{ watched: service, listener, read: toInstances, initial: [] },
      query: (index, limits) => this.#healthy(service, index, limits),
    });
  }

  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void } {
    const names = new ServiceNames(
      (name) => this.#isWell(name),
      (told) => observation.tell(told),
    );
    const checks = this.#watch({
      ...{ watched: 'all services', read: toCheckedServices, initial: toCheckedServices([]), restMs },
      listener: (value) => names.checks(value),
      query: (index, limits) => this.#states(index, limits),
    });
    const catalogue = this.#watch({
      ...{ watched: 'the catalogue', read: toCatalogueNames, initial: [] as string[], restMs },
      listener: (value) => names.catalogue(value),
      query: (index, limits) => this.#catalogue(index, limits),
    });
    const onClose = (): void => {
      for (const each of [names, checks, catalogue, observation]) each.close();
      this.#watches.delete(observation);
    };
    const observation: Observation<readonly string[]> = new Observation<readonly string[]>(
      [],
      listener,
      onClose,
      this.#log,
    );
    this.#watches.add(observation);
    return observation;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of this.#watches) watch.close();
    this.#leases.close();
    this.#watches.clear();
    this.#stream.close();
    this.#connection.close();
  }

  #watch<T>(options: Omit<BlockingWatchOptions<T>, 'waitMs' | 'log'>): BlockingWatch<T> {
    if (this.#closed) throw discoveryErrors.closed();
    const watch = new BlockingWatch<T>({ ...options, waitMs: this.#waitMs, log: this.#log });
    const close = watch.close.bind(watch);
    watch.close = () => {
      close();
      this.#watches.delete(watch);
    };
    this.#watches.add(watch);
    return watch;
  }

  #healthy(service: string, index: number, limits?: CallLimits) {
    return this.#connection.call(
      `list the instances of ${service}`,
      (options) =>
        this.#connection.client.health.service({ service, passing: true, ...this.#blocking(index), ...options }),
      limits,
    );
  }

  #states(index: number, limits?: CallLimits) {
    return this.#connection.call(
      'list the services',
      (options) => this.#connection.client.health.state({ state: 'any', ...this.#blocking(index), ...options }),
      limits,
    );
  }

  #catalogue(index: number, limits?: CallLimits) {
    return this.#connection.call(
      'list the services',
      (options) => this.#connection.client.catalog.service.list({ ...this.#blocking(index), ...options } as object),
      limits,
    );
  }

  async #isWell(service: string): Promise<boolean> {
    return (await this.instances(service)).length > 0;
  }

  #blocking(index: number): object {
    return index > 0 ? { index: String(index), wait: `${this.#waitMs}ms` } : {};
  }
}
