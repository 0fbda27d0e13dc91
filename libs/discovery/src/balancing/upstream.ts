import type { Instance, Registry, Watch } from '../discovery.ts';
import { choose } from './choose.ts';
import { InstanceLoad } from './instance-load.ts';

/** What a spec may replace. */
export interface UpstreamOptions {
  random?: () => number;
  /** Monotonic, in ms. */
  now?: () => number;
}

/**
 * One watched service and what this process knows of its instances. `pick` chooses one (power of two choices by
 * latency and running calls, see choose.ts); the caller says `begin` and `end` of each call so that it learns.
 */
export class Upstream {
  #loads: InstanceLoad[] = [];
  #byId = new Map<string, InstanceLoad>();
  readonly #watch: Watch;
  readonly #random: () => number;
  readonly #now: () => number;

  constructor(
    readonly service: string,
    registry: Pick<Registry, 'watch'>,
    { random = Math.random, now = () => performance.now() }: UpstreamOptions = {},
  ) {
    this.#random = random;
    this.#now = now;
    this.#watch = registry.watch(service, (instances) => this.#replace(instances));
    if (this.#loads.length === 0) this.#replace(this.#watch.current);
  }

  /** The last known healthy instances. */
  get instances(): readonly Instance[] {
    return this.#watch.current;
  }

  /** Settles when the registry has answered once, or on close. Never rejects: bound the wait by your deadline. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** Whether a call runs at any instance. */
  get busy(): boolean {
    return this.#loads.some((load) => load.running > 0);
  }

  /**
   * The instance for the next call, or undefined when none is left.
   * @param exclude ids not to be taken, those that this request has tried already
   */
  pick(exclude?: ReadonlySet<string>): Instance | undefined {
    return choose(this.#loads, this.#now(), this.#random, exclude)?.instance;
  }

  /** A call to the instance begins. */
  begin(instance: Instance): void {
    this.#byId.get(instance.id)?.begin();
  }

  /**
   * A call to the instance has ended.
   * @param ok false when the instance failed as such (no connection, reset, no answer in time, 502-504), which keeps
   *   calls from it for a while; an answer that only says no (404, 422) is ok
   */
  end(instance: Instance, latencyMs: number, ok: boolean): void {
    this.#byId.get(instance.id)?.end(latencyMs, ok, this.#now());
  }

  /** Stops the watch. The last known instances stay. */
  close(): void {
    this.#watch.close();
  }

  #replace(instances: readonly Instance[]): void {
    const known = this.#byId;
    this.#loads = instances.map((instance) => {
      const load = known.get(instance.id);
      return load && sameProcess(load.instance, instance) ? load.moved(instance) : new InstanceLoad(instance);
    });
    this.#byId = new Map(this.#loads.map((load) => [load.instance.id, load]));
  }
}

const sameProcess = (a: Instance, b: Instance): boolean =>
  a.address === b.address && a.port === b.port && a.grpcPort === b.grpcPort;
