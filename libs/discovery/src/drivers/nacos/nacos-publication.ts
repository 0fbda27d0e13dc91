import type { Instance } from '../../discovery.ts';
import type { DiscoveryLog } from '../../log.ts';
import { toNacos } from './nacos-instance.ts';
import type { NacosNaming } from './nacos-naming.ts';
import { NacosUpkeep } from './nacos-upkeep.ts';

/** The instances of a service that are registered through one connection, registered anew on the next one. */
export class NacosPublication extends NacosUpkeep {
  readonly #instances = new Map<string, Instance>();
  /** Named by what was said last. */
  #said: Instance | undefined;

  constructor(
    private readonly naming: NacosNaming,
    private readonly service: string,
    log: DiscoveryLog | undefined,
  ) {
    super(naming.connection, `instances of ${service}`, log);
  }

  override connected(): void {
    this.#said = undefined;
    super.connected();
  }

  async add(instance: Instance): Promise<void> {
    toNacos(instance);
    const before = this.#instances.get(instance.id);
    this.#instances.set(instance.id, instance);
    try {
      await this.settle();
    } catch (error) {
      if (before) this.#instances.set(instance.id, before);
      else this.#instances.delete(instance.id);
      throw error;
    }
  }

  /** Takes it out, unless another of the same id has come after it. */
  async remove(instance: Instance): Promise<void> {
    if (this.#instances.get(instance.id) !== instance) return;
    this.#instances.delete(instance.id);
    await this.settle();
  }

  protected override async say(): Promise<void> {
    const instances = [...this.#instances.values()];
    const [first] = instances;
    const said = this.#said;
    this.#said = first;
    if (first) await this.naming.publish(this.service, instances, `register ${instances.at(-1)?.id}`);
    else if (said) await this.naming.withdraw(this.service, said);
  }
}
