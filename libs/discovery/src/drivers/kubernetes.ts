/**
 * Engine: the EndpointSlices (discovery.k8s.io/v1) of one Kubernetes namespace, 1.21 and newer.
 * Client: node's own HTTP. Two requests are all that is needed, LIST and WATCH; npm `@kubernetes/client-node` brings 16
 * packages for them and leaves the loop (bookmarks, 410, back-off) to its caller.
 * One watch serves every service of a process. Cannot: register (the kubelet's probes and the EndpointSlice controller
 * do it, so a lease here is empty), weights, leases, free metadata (what a Service's labels say is read as metadata).
 */
import type { RegistryOptions } from '../create-registry.ts';
import type { Instance, InstancesListener, Lease, Registry, Watch } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import { type EndpointSlice, SERVICE_NAME, toInstances, toServices } from './kubernetes/endpoint-slices.ts';
import { KubernetesConnection } from './kubernetes/kubernetes-connection.ts';
import { type KubernetesAddress, parseKubernetesUrl } from './kubernetes/kubernetes-url.ts';
import { SliceCache } from './kubernetes/slice-cache.ts';

/** @param url `kubernetes://` in a pod; `kubernetes://host:6443?namespace=…&token-file=…&ca-file=…` elsewhere */
export function createKubernetesRegistry(url: string, options: RegistryOptions = {}): Registry {
  return new KubernetesRegistry(parseKubernetesUrl(url), options);
}

class KubernetesRegistry implements Registry {
  readonly #connection: KubernetesConnection;
  readonly #cache: SliceCache;
  readonly #selector: string;
  #closed = false;

  constructor(address: KubernetesAddress, { log }: RegistryOptions) {
    this.#connection = new KubernetesConnection(address);
    this.#cache = new SliceCache({ connection: this.#connection, ...address, log });
    this.#selector = address.selector;
  }

  async register(instance: Instance): Promise<Lease> {
    if (this.#closed) throw discoveryErrors.closed();
    return { instance, release: async () => {} };
  }

  async services(): Promise<string[]> {
    return toServices(await this.#list('list the services', this.#selector));
  }

  async instances(service: string): Promise<Instance[]> {
    const selector = [this.#selector, `${SERVICE_NAME}=${service}`].filter(Boolean).join(',');
    return toInstances(await this.#list(`list the instances of ${service}`, selector), service);
  }

  watch(service: string, listener: InstancesListener): Watch {
    return this.#watch((slices) => toInstances(slices, service), listener);
  }

  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void } {
    return this.#watch(toServices, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cache.close();
    this.#connection.close();
  }

  #watch<T extends readonly unknown[]>(read: (slices: Iterable<EndpointSlice>) => T, listener: (value: T) => void) {
    if (this.#closed) throw discoveryErrors.closed();
    return this.#cache.view(read, listener);
  }

  async #list(what: string, selector: string): Promise<EndpointSlice[]> {
    return (await this.#connection.list(what, selector)).items;
  }
}
