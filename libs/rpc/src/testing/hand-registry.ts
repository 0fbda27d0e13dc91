import type { Instance, InstancesListener, Registry } from '@rookery/discovery';

/** A registry whose instances the test sets by hand. */
export class HandRegistry implements Pick<Registry, 'watch'> {
  #instances: readonly Instance[] = [];
  readonly #listeners = new Set<InstancesListener>();

  set(...instances: Instance[]): void {
    this.#instances = instances;
    for (const listener of this.#listeners) listener(instances);
  }

  watch(_service: string, listener: InstancesListener) {
    this.#listeners.add(listener);
    const registry = this;
    return {
      get current() {
        return registry.#instances;
      },
      ready: Promise.resolve(),
      close: () => void this.#listeners.delete(listener),
    };
  }
}
