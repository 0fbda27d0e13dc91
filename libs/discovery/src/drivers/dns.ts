/**
 * Engine: any DNS server that answers SRV records (RFC 2782): Consul's, CoreDNS for headless Services, PowerDNS, …
 * Client: node's own resolver. It asks again every `every` (5 s): DNS cannot push.
 * The records of lowest priority are the instances, with their weight; where all are 0, as many servers leave them, each
 * counts as 1. The names of services are those of `services` in the URL, and of the PTR records that `list` names (RFC 6763).
 * Cannot: register (so a lease here is empty), metadata, zones, weights below 1 beside others.
 */

import { parseServerUrl } from '@rookery/connections';
import type { RegistryOptions } from '../create-registry.ts';
import type { Instance, InstancesListener, Lease, Registry, Watch } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import { PolledWatch } from '../polled-watch.ts';
import { SrvLookup } from './dns/srv-lookup.ts';

const EVERY_MS = 5_000;
const SERVICE = '{service}';

/** @param text `dns://10.0.0.53:53?http=_http._tcp.{service}.internal&grpc=_grpc._tcp.{service}.internal&services=a,b` or `&list=_services.internal` */
export function createDnsRegistry(text: string, { log }: RegistryOptions = {}): Registry {
  const url = parseServerUrl(
    text,
    {
      example: 'dns://10.0.0.53:53?http=_http._tcp.{service}.internal',
      port: 53,
      secureSchemes: [],
      parameters: ['http', 'grpc', 'services', 'list', 'every'],
    },
    discoveryErrors,
  );
  const [http, grpc] = [url.parameter('http'), url.parameter('grpc')];
  for (const [name, template] of Object.entries({ http: http ?? '', grpc })) {
    if (template !== undefined && !template.includes(SERVICE)) throw url.bad(`${name} does not contain ${SERVICE}`);
  }
  const nameOf = (template: string | undefined) => (service: string) => template?.replaceAll(SERVICE, service);
  const lookup = new SrvLookup(url, nameOf(http), nameOf(grpc));
  const services = (url.parameter('services') ?? '').split(',').filter(Boolean);
  return new DnsRegistry(lookup, services, url.parameter('list'), url.durationMs('every', EVERY_MS), log);
}

class DnsRegistry implements Registry {
  readonly #watches = new Set<{ close(): void }>();
  #closed = false;

  constructor(
    private readonly lookup: SrvLookup,
    private readonly named: readonly string[],
    private readonly list: string | undefined,
    private readonly everyMs: number,
    private readonly log: RegistryOptions['log'],
  ) {}

  async register(instance: Instance): Promise<Lease> {
    this.#open();
    return { instance, release: async () => {} };
  }

  async services(): Promise<string[]> {
    this.#open();
    const listed = this.list === undefined ? [] : await this.lookup.labels(this.list);
    const names = [...new Set([...this.named, ...listed])].sort();
    const instances = await Promise.all(names.map((service) => this.instances(service)));
    return names.filter((_, at) => (instances[at]?.length ?? 0) > 0);
  }

  async instances(service: string): Promise<Instance[]> {
    this.#open();
    try {
      return await this.lookup.instances(service);
    } catch (error) {
      throw this.#closed ? discoveryErrors.closed() : error;
    }
  }

  watch(service: string, listener: InstancesListener): Watch {
    return this.#watch<readonly Instance[]>(`the instances of ${service}`, listener, () => this.instances(service));
  }

  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void } {
    return this.#watch<readonly string[]>('the services', listener, () => this.services());
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of this.#watches) watch.close();
    this.lookup.close();
  }

  #watch<T extends readonly unknown[]>(watched: string, listener: (value: T) => void, read: () => Promise<T>) {
    this.#open();
    const { everyMs, log } = this;
    const nothing: readonly never[] = [];
    const onClose = (): void => {
      this.#watches.delete(watch);
    };
    const watch: PolledWatch<T> = new PolledWatch<T>({
      ...{ watched, everyMs, read, listener, onClose, log },
      initial: nothing as unknown as T,
    });
    this.#watches.add(watch);
    return watch;
  }

  #open(): void {
    if (this.#closed) throw discoveryErrors.closed();
  }
}
