import { type Instance, type InstancesListener, RegistryClient, type Watch } from '@rookery/discovery';

type NamesListener = (services: readonly string[]) => void;

/** A registry whose content a test sets, so that it decides when a watcher hears of a change. */
export class HandFedRegistry extends RegistryClient {
  readonly #instances = new Map<string, Instance[]>();
  readonly #listeners = new Map<string, InstancesListener>();
  #names: NamesListener | undefined;

  set(service: string, ...instances: Instance[]): void {
    if (instances.length > 0) this.#instances.set(service, instances);
    else this.#instances.delete(service);
    this.#listeners.get(service)?.(instances);
    this.#names?.([...this.#instances.keys()]);
  }

  /** Services that somebody watches now. */
  get watched(): string[] {
    return [...this.#listeners.keys()];
  }

  watch(service: string, listener: InstancesListener): Watch {
    this.#listeners.set(service, listener);
    queueMicrotask(() => listener(this.#instances.get(service) ?? []));
    return { current: [], ready: Promise.resolve(), close: () => this.#listeners.delete(service) };
  }

  watchServices(listener: NamesListener): { readonly ready: Promise<void>; close(): void } {
    this.#names = listener;
    listener([...this.#instances.keys()]);
    return {
      ready: Promise.resolve(),
      close: () => {
        this.#names = undefined;
      },
    };
  }

  async services(): Promise<string[]> {
    return [...this.#instances.keys()];
  }

  async instances(service: string): Promise<Instance[]> {
    return this.#instances.get(service) ?? [];
  }

  async register(): Promise<never> {
    throw new Error('nothing registers here');
  }

  async close(): Promise<void> {}
}
