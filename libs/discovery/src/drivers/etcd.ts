/**
 * Engine: etcd, API v3, 3.4 and newer (progress requests on a watch). Tested on 3.4.
 * Client: @grpc/grpc-js with the part of etcd's rpc.proto that is needed. npm `etcd3` had its last feature in 2023, and
 * cannot say that a stream has gone silent; etcd's JSON gateway needs one connection for each watch.
 * An instance is the JSON text under `/<namespace>/<service>/<id>`, on a lease of its own that heartbeats keep alive.
 * All watches of a process share one stream. A lease has whole seconds; etcd makes one shorter than 2 s longer.
 */

import { parseServerUrl } from '@rookery/connections';
import { EtcdConnection } from '@rookery/connections/etcd';
import type { RegistryOptions } from '../create-registry.ts';
import type { Instance, InstancesListener, Lease, RegisterOptions, Registry, Watch } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import type { Heartbeats } from '../heartbeat-lease.ts';
import { HeartbeatLeases } from '../heartbeat-leases.ts';
import { Observation } from '../observation.ts';
import { EtcdWatches } from './etcd/etcd-watches.ts';
import { byId, toInstance, toText } from './instance-text.ts';

const LEASE_MS = 10_000;
const WAIT_MS = 15_000;
const NAMESPACE = 'rookery';

/** @param url `etcd://user:password@host:2379,host:2379/namespace?wait=15s`; `etcd+tls://` with `ca-file`, … */
export async function createEtcdRegistry(url: string, { log }: RegistryOptions = {}): Promise<Registry> {
  const address = parseServerUrl(
    url,
    {
      example: 'etcd://host:2379',
      port: 2379,
      secureSchemes: ['etcd+tls'],
      parameters: ['wait'],
    },
    discoveryErrors,
  );
  return new EtcdRegistry(await EtcdConnection.to(address), address.durationMs('wait', WAIT_MS), log);
}

class EtcdRegistry implements Registry {
  readonly #root: string;
  readonly #watches: EtcdWatches;
  readonly #leases: HeartbeatLeases;
  readonly #observations = new Set<{ close(): void }>();

  constructor(
    private readonly connection: EtcdConnection,
    waitMs: number,
    private readonly log: RegistryOptions['log'],
  ) {
    this.#root = `/${connection.url.path || NAMESPACE}/`;
    this.#leases = new HeartbeatLeases(log);
    this.#watches = new EtcdWatches(connection, waitMs, log);
  }

  async register(instance: Instance, { leaseMs = LEASE_MS }: RegisterOptions = {}): Promise<Lease> {
    return this.#leases.register(instance, leaseMs, this.#heartbeats(instance, leaseMs));
  }

  async services(): Promise<string[]> {
    const { kvs } = await this.connection.range(this.#root, 'list the services', { keysOnly: true });
    return this.#names(kvs.map(({ key }) => key.toString()));
  }

  async instances(service: string): Promise<Instance[]> {
    const { kvs } = await this.connection.range(this.#under(service), `list the instances of ${service}`);
    return instancesOf(
      kvs.map(({ value }) => value.toString()),
      service,
    );
  }

  watch(service: string, listener: InstancesListener): Watch {
    return this.#watch<readonly Instance[]>(this.#under(service), listener, (entries) =>
      instancesOf(entries.values(), service),
    );
  }

  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void } {
    return this.#watch<readonly string[]>(this.#root, listener, (entries) => this.#names(entries.keys()));
  }

  async close(): Promise<void> {
    for (const observation of this.#observations) observation.close();
    this.#leases.close();
    this.#watches.close();
    this.connection.close();
  }

  #watch<T extends readonly unknown[]>(
    prefix: string,
    listener: (value: T) => void,
    read: (entries: ReadonlyMap<string, string>) => T,
  ): Observation<T> {
    if (this.connection.closed) throw discoveryErrors.closed();
    const observation: Observation<T> = new Observation<T>(
      read(new Map()),
      listener,
      () => {
        this.#observations.delete(observation);
        this.#watches.remove(view);
      },
      this.log,
    );
    const view = this.#watches.add(prefix, read, observation);
    this.#observations.add(observation);
    return observation;
  }

  #heartbeats(instance: Instance, leaseMs: number): Heartbeats {
    const { connection } = this;
    const text = toText(instance);
    const key = `${this.#under(instance.service)}${encodeURIComponent(instance.id)}`;
    let lease = '0';
    return {
      async register() {
        const what = `register ${instance.id}`;
        lease = await connection.grantLease(leaseMs, what);
        await connection.put(key, text, lease, what);
      },
      async beat(signal) {
        const what = `take the heartbeat of ${instance.id}`;
        if (!(await connection.keepLeaseAlive(lease, what, signal))) return false;
        await connection.putWhereAbsent(key, text, lease, what, signal);
        return true;
      },
      async deregister() {
        await connection.revokeLease(lease, `deregister ${instance.id}`);
      },
    };
  }

  #under(service: string): string {
    return `${this.#root}${encodeURIComponent(service)}/`;
  }

  #names(keys: Iterable<string>): string[] {
    const names = [...keys].map((key) => key.slice(this.#root.length).split('/')[0] ?? '');
    return [...new Set(names.filter((name) => name !== ''))].map(decodeURIComponent).sort();
  }
}

const instancesOf = (texts: Iterable<string>, service: string): Instance[] =>
  [...texts]
    .map((text) => toInstance(text, service))
    .filter((instance) => instance !== undefined)
    .sort(byId);
