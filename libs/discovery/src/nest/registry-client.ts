import type { Instance, InstancesListener, Lease, RegisterOptions, Registry, Watch } from '../discovery.ts';

/** Injection token of the process's {@link Registry}: `constructor(private readonly registry: RegistryClient) {}`. */
export abstract class RegistryClient implements Registry {
  abstract register(instance: Instance, options?: RegisterOptions): Promise<Lease>;
  abstract services(): Promise<string[]>;
  abstract instances(service: string): Promise<Instance[]>;
  abstract watch(service: string, listener: InstancesListener): Watch;
  abstract watchServices(listener: (services: readonly string[]) => void): {
    readonly ready: Promise<void>;
    close(): void;
  };
  abstract close(): Promise<void>;
}
