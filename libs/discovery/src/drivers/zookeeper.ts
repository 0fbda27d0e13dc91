/**
 * Engine: ZooKeeper, 3.5 and newer. Tested on 3.8.
 * Client: the few requests that are needed, over node's own sockets. npm `node-zookeeper-client` has no TLS, waits for ever
 * on a connection that died in silence, and cannot be closed while the server is away; npm `zookeeper` compiles C.
 * A service is a persistent node `/<namespace>/<service>`, an instance an ephemeral node under it with JSON text. They live
 * as long as their session: its time is the lease, within the server's limits (2 to 20 ticks: 4 to 40 s by default).
 * An instance whose session expired is registered again in a new one. With credentials nodes are made for their user only.
 */

import { parseServerUrl, type ServerUrl } from '@rookery/connections';
import { ZkSession } from '@rookery/connections/zookeeper';
import type { RegistryOptions } from '../create-registry.ts';
import type { Instance, InstancesListener, Lease, RegisterOptions, Registry, Watch } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import { Observation } from '../observation.ts';
import { toText } from './instance-text.ts';
import { InstancesView, readInstances } from './zookeeper/instances-view.ts';
import { readServices, ServicesView } from './zookeeper/services-view.ts';
import { ZkLease } from './zookeeper/zk-lease.ts';
import type { ZkView } from './zookeeper/zk-view.ts';

const SESSION_MS = 10_000;
const NAMESPACE = 'rookery';

/** @param url `zookeeper://user:password@host:2181,host:2181/namespace?session=10s`; `zookeeper+tls://` with `ca-file`, … */
export function createZooKeeperRegistry(url: string, options: RegistryOptions = {}): Registry {
  const address = parseServerUrl(
    url,
    {
      example: 'zookeeper://host:2181',
      port: 2181,
      secureSchemes: ['zookeeper+tls'],
      parameters: ['session'],
    },
    discoveryErrors,
  );
  return new ZooKeeperRegistry(address, address.durationMs('session', SESSION_MS), options);
}

class ZooKeeperRegistry implements Registry {
  readonly #root: string;
  readonly #session: ZkSession;
  /** Of leases with another time than the session's usual one. */
  readonly #otherSessions = new Map<number, ZkSession>();
  readonly #observations = new Set<{ close(): void }>();
  readonly #log: RegistryOptions['log'];

  constructor(
    private readonly url: ServerUrl,
    private readonly sessionMs: number,
    { log }: RegistryOptions,
  ) {
    this.#log = log;
    this.#root = `/${url.path || NAMESPACE}`;
    this.#session = new ZkSession(url, sessionMs, log);
  }

  async register(instance: Instance, { leaseMs = this.sessionMs }: RegisterOptions = {}): Promise<Lease> {
    if (this.#session.closed) throw discoveryErrors.closed();
    const path = `${this.#of(instance.service)}/${encodeURIComponent(instance.id)}`;
    const lease = new ZkLease(instance, toText(instance), path, this.#sessionOf(leaseMs), this.#log);
    await lease.start();
    return lease;
  }

  async services(): Promise<string[]> {
    return (await readServices(this.#session, this.#root)).map(decodeURIComponent);
  }

  async instances(service: string): Promise<Instance[]> {
    return readInstances(this.#session, this.#of(service), service);
  }

  watch(service: string, listener: InstancesListener): Watch {
    return this.#watch<readonly Instance[]>(
      listener,
      (tell) => new InstancesView(this.#session, this.#of(service), service, tell, this.#log),
    );
  }

  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void } {
    return this.#watch<readonly string[]>(
      listener,
      (tell) => new ServicesView(this.#session, this.#root, (names) => tell(names.map(decodeURIComponent)), this.#log),
    );
  }

  async close(): Promise<void> {
    for (const observation of this.#observations) observation.close();
    for (const session of [this.#session, ...this.#otherSessions.values()]) {
      const holdsInstances = [...session.tenants].some((tenant) => tenant instanceof ZkLease);
      session.close(!holdsInstances);
    }
  }

  #watch<T extends readonly unknown[]>(
    listener: (value: T) => void,
    viewOf: (tell: (value: T) => void) => ZkView,
  ): Observation<T> {
    if (this.#session.closed) throw discoveryErrors.closed();
    const nothing: readonly never[] = [];
    const observation: Observation<T> = new Observation<T>(
      nothing as unknown as T,
      listener,
      () => {
        this.#observations.delete(observation);
        view.close();
      },
      this.#log,
    );
    const view = viewOf((value) => observation.tell(value));
    this.#observations.add(observation);
    this.#session.keep(view);
    return observation;
  }

  #sessionOf(leaseMs: number): ZkSession {
    if (leaseMs === this.sessionMs) return this.#session;
    const session = this.#otherSessions.get(leaseMs) ?? new ZkSession(this.url, leaseMs, this.#log);
    this.#otherSessions.set(leaseMs, session);
    return session;
  }

  #of(service: string): string {
    return `${this.#root}/${encodeURIComponent(service)}`;
  }
}
