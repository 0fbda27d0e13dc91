/**
 * Engine: Nacos 2 and 3 over gRPC. Tested on 3.1; names of services that come and go are pushed from 3.0 on.
 * Client: @grpc/grpc-js with Nacos' own small .proto. npm `nacos` (2.6.3, the newest) speaks the HTTP API of Nacos 1, which
 * Nacos 3.2 takes away, hears of changes by UDP and keeps each instance by beats; its gRPC is merged (nacos-sdk-nodejs #146)
 * but not published. npm `nacos-sdk-rust-binding-node` is a native addon, whose calls have neither deadline nor cancellation.
 * One connection is one client: what it registered goes with it, at once when its process dies, and 20 to 25 s after its
 * machine fell silent, when the server has tried it. Cannot: leases of another length. A push comes within 500 ms.
 * An instance's own id, gRPC port and zone travel in its metadata, which a server limits to 1024 characters.
 */

import { parseServerUrl } from '@rookery/connections';
import { NacosConnection } from '@rookery/connections/nacos';
import type { RegistryOptions } from '../create-registry.ts';
import type { Instance, InstancesListener, Lease, Registry, Watch } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import { Observation } from '../observation.ts';
import { NacosNaming } from './nacos/nacos-naming.ts';
import { NacosPublication } from './nacos/nacos-publication.ts';
import { NacosSubscriptions } from './nacos/nacos-subscriptions.ts';
import { ServicesView } from './nacos/services-view.ts';

const WAIT_MS = 15_000;
const NAMESPACE = 'public';
const GROUP = 'DEFAULT_GROUP';

/** @param text `nacos://user:password@host:8848,host:8848/namespace?group=…&wait=15s`; `nacos+tls://` with `ca-file`, … */
export async function createNacosRegistry(text: string, { log }: RegistryOptions = {}): Promise<Registry> {
  const url = parseServerUrl(
    text,
    {
      example: 'nacos://host:8848/namespace',
      port: 8848,
      secureSchemes: ['nacos+tls'],
      parameters: ['group', 'wait'],
    },
    discoveryErrors,
  );
  const namespace = url.path || NAMESPACE;
  const waitMs = url.durationMs('wait', WAIT_MS);
  const connection = await NacosConnection.to(url, { module: 'naming', namespace, waitMs, log });
  return new NacosRegistry(new NacosNaming(connection, namespace, url.parameter('group') || GROUP), log);
}

class NacosRegistry implements Registry {
  readonly #publications = new Map<string, NacosPublication>();
  readonly #subscriptions: NacosSubscriptions;
  readonly #observations = new Set<{ close(): void }>();

  constructor(
    private readonly naming: NacosNaming,
    private readonly log: RegistryOptions['log'],
  ) {
    this.#subscriptions = new NacosSubscriptions(naming, log);
  }

  async register(instance: Instance): Promise<Lease> {
    const publication = this.#publicationOf(instance.service);
    await publication.add(instance);
    let released: Promise<void> | undefined;
    const release = (): Promise<void> =>
      publication
        .remove(instance)
        .catch((error: unknown) =>
          this.log?.warn({ error, registered: instance.id }, 'instance not released, it ends with its connection'),
        );
    return { instance, release: () => (released ??= release()) };
  }

  services(): Promise<string[]> {
    return this.naming.services();
  }

  instances(service: string): Promise<Instance[]> {
    return this.naming.instances(service);
  }

  watch(service: string, listener: InstancesListener): Watch {
    return this.#observe<readonly Instance[]>([], listener, (tell) => this.#subscriptions.watch(service, tell));
  }

  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void } {
    return this.#observe<readonly string[]>(
      [],
      listener,
      (tell) => new ServicesView(this.naming, this.#subscriptions, tell, this.log),
    );
  }

  async close(): Promise<void> {
    this.naming.connection.close();
    for (const observation of this.#observations) observation.close();
    for (const publication of this.#publications.values()) publication.close();
  }

  #publicationOf(service: string): NacosPublication {
    const publication = this.#publications.get(service) ?? new NacosPublication(this.naming, service, this.log);
    this.#publications.set(service, publication);
    return publication;
  }

  #observe<T>(initial: T, listener: (value: T) => void, begin: (tell: (value: T) => void) => { close(): void }) {
    if (this.naming.connection.closed) throw discoveryErrors.closed();
    let view: { close(): void } | undefined;
    const onClose = (): void => {
      this.#observations.delete(observation);
      view?.close();
    };
    const observation: Observation<T> = new Observation<T>(initial, listener, onClose, this.log);
    this.#observations.add(observation);
    view = begin((value) => observation.tell(value));
    return observation;
  }
}
