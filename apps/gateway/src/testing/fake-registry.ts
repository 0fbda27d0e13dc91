import type { Instance, InstancesListener, Registry } from '@rookery/discovery';

/** A registry in memory whose content a spec sets. */
export class FakeRegistry implements Registry {
  readonly #services = new Map<string, readonly Instance[]>();
  readonly #watchers = new Map<string, Set<InstancesListener>>();
  readonly #nameWatchers = new Set<(services: readonly string[]) => void>();

  set(service: string, ...ports: number[]): void {
    this.setWith({}, service, ...ports);
  }

  setWith(metadata: Instance['metadata'], service: string, ...ports: number[]): void {
    const instances = ports.map((port) => ({
      id: `${service}-${port}`,
      service,
      address: '127.0.0.1',
      port,
      weight: 1,
      metadata,
    }));
    this.#setAll(service, instances);
  }

  #setAll(service: string, instances: readonly Instance[]): void {
    this.#services.set(service, instances);
    for (const listener of this.#watchers.get(service) ?? []) listener(instances);
    for (const listener of this.#nameWatchers) listener([...this.#services.keys()]);
  }

  /** Instances that serve gRPC, by their gRPC ports. */
  setGrpc(service: string, ...grpcPorts: number[]): void {
    this.#setAll(
      service,
      grpcPorts.map((grpcPort) => ({
        id: `${service}-${grpcPort}`,
        service,
        address: '127.0.0.1',
        port: 1,
        grpcPort,
        weight: 1,
        metadata: {},
      })),
    );
  }

  async register(instance: Instance) {
    return { instance, release: async () => {} };
  }

  async services() {
    return [...this.#services.keys()];
  }

  async instances(service: string) {
    return [...(this.#services.get(service) ?? [])];
  }

  watch(service: string, listener: InstancesListener) {
    const services = this.#services;
    const watchers = this.#watchers.get(service) ?? new Set();
    this.#watchers.set(service, watchers.add(listener));
    const none: readonly Instance[] = [];
    return {
      get current() {
        return services.get(service) ?? none;
      },
      ready: Promise.resolve(),
      close: () => void watchers.delete(listener),
    };
  }

  watchServices(listener: (services: readonly string[]) => void) {
    this.#nameWatchers.add(listener);
    listener([...this.#services.keys()]);
    return { ready: Promise.resolve(), close: () => void this.#nameWatchers.delete(listener) };
  }

  async close() {}
}
