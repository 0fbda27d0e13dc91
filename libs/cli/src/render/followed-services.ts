import type { Instance, Registry, Watch } from '@rookery/discovery';
import { isName, type RenderedService } from './rendered-service.ts';

/** The services of a registry as they are now, those that are named or all. */
export class FollowedServices {
  readonly #registry: Registry;
  readonly #onChange: () => void;
  readonly #watches = new Map<string, Watch>();
  /** Instances that a service had last: its last one that leaves stays written, nobody else could answer anyway. */
  readonly #last = new Map<string, readonly Instance[]>();
  readonly #all: { readonly ready: Promise<void>; close(): void } | undefined;

  constructor(registry: Registry, names: readonly string[], onChange: () => void) {
    this.#registry = registry;
    this.#onChange = onChange;
    for (const name of names) this.#follow(name);
    if (names.length === 0) {
      this.#all = registry.watchServices((services) => {
        for (const name of services) this.#follow(name);
        onChange();
      });
    }
  }

  /** When the registry has told of each service once. */
  async ready(): Promise<void> {
    await this.#all?.ready;
    await Promise.all([...this.#watches.values()].map(({ ready }) => ready));
  }

  get services(): RenderedService[] {
    return [...this.#watches].map(([name, { current }]) => {
      if (current.length > 0) this.#last.set(name, current);
      return { name, instances: current.length > 0 ? current : (this.#last.get(name) ?? []) };
    });
  }

  close(): void {
    this.#all?.close();
    for (const watch of this.#watches.values()) watch.close();
  }

  #follow(name: string): void {
    // Nobody writes such a name down, and not every engine answers for it: nobody is to wait for that.
    if (this.#watches.has(name) || !isName(name)) return;
    this.#watches.set(
      name,
      this.#registry.watch(name, () => this.#onChange()),
    );
  }
}
