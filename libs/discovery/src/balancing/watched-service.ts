import type { Instance, Registry, Watch } from '../discovery.ts';
import type { Balance } from './balance.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

/** Balances that differ from the service's own, at one time; who asks for more makes the one unused longest give way. */
const MAX_OTHERS = 32;

/** One watched service, and its upstreams: one under the service's own balance, others under those of their callers. */
export class WatchedService {
  readonly own: Upstream;
  readonly #others = new Map<string, Upstream>();
  /** The same by the object that was asked with; settings that are gone take theirs along. */
  #byObject = new WeakMap<Balance, Upstream>();
  #all: readonly Upstream[];
  readonly #watch: Watch;

  constructor(
    readonly service: string,
    registry: Pick<Registry, 'watch'>,
    balance: Balance,
    private readonly options: UpstreamOptions,
  ) {
    this.own = new Upstream(this, balance, options);
    this.#all = [this.own];
    let told = false;
    this.#watch = registry.watch(service, (instances) => {
      told = true;
      this.#replace(instances);
    });
    if (!told) this.#replace(this.#watch.current);
  }

  get instances(): readonly Instance[] {
    return this.#watch.current;
  }

  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** The upstream under these rules. */
  under(balance: Balance): Upstream {
    return this.#byObject.get(balance) ?? this.#find(balance);
  }

  begin(instance: Instance): void {
    for (const upstream of this.#all) upstream.begun(instance);
  }

  end(instance: Instance, latencyMs: number, ok: boolean): void {
    for (const upstream of this.#all) upstream.ended(instance, latencyMs, ok);
  }

  /** Stops the watch and the health checks. The last known instances stay. */
  close(): void {
    this.#watch.close();
    for (const upstream of this.#all) upstream.close();
  }

  #find(balance: Balance): Upstream {
    const key = JSON.stringify(balance);
    let upstream = this.#others.get(key);
    this.#others.delete(key);
    if (!upstream) {
      this.#makeRoom();
      upstream = new Upstream(this, balance, this.options);
      const running = new Map(this.own.loads.map((load) => [load.instance.id, load.running]));
      upstream.replace(this.instances, (id) => running.get(id) ?? 0);
    }
    this.#others.set(key, upstream);
    this.#byObject.set(balance, upstream);
    this.#all = [this.own, ...this.#others.values()];
    return upstream;
  }

  #makeRoom(): void {
    const [oldest] = this.#others;
    if (!oldest || this.#others.size < MAX_OTHERS) return;
    const [key, upstream] = oldest;
    upstream.close();
    this.#others.delete(key);
    this.#byObject = new WeakMap();
  }

  #replace(instances: readonly Instance[]): void {
    for (const upstream of this.#all) upstream.replace(instances, () => 0);
  }
}
