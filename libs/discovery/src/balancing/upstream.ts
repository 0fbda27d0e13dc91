import type { Instance } from '../discovery.ts';
import { type Ask, NO_HASH } from './ask.ts';
import type { Balance } from './balance.ts';
import { type Caller, Choice } from './choice.ts';
import { hashOf } from './hash.ts';
import { HealthChecks } from './health/health-checks.ts';
import type { Probe } from './health/probe.ts';
import { InstanceLoad } from './instance-load.ts';
import { Outliers } from './outliers.ts';
import { usableWeight } from './usable-weight.ts';
import type { WatchedService } from './watched-service.ts';

/** What a spec may replace, and who calls. */
export interface UpstreamOptions {
  /** Unique among those that call a service. */
  identity?: string | undefined;
  zone?: string | undefined;
  random?: () => number;
  /** Monotonic, in ms. */
  now?: () => number;
  probe?: Probe;
}

/**
 * One service under one balance, and what this process knows of its instances. `pick` chooses one; the caller says
 * `begin` and `end` of each call so that it learns. All upstreams of a service learn from the calls of each.
 */
export class Upstream {
  #loads: readonly InstanceLoad[] = [];
  #byId = new Map<string, InstanceLoad>();
  #choice: Choice | undefined;
  #balance: Balance;
  #outliers: Outliers;
  #health: HealthChecks | undefined;
  readonly #watched: WatchedService;
  readonly #caller: Caller;
  readonly #now: () => number;
  readonly #probe: Probe | undefined;
  readonly #ask: Ask;

  /** @internal {@link Upstreams} makes them. */
  constructor(
    watched: WatchedService,
    balance: Balance,
    { random = Math.random, now = () => performance.now(), identity = '', zone, probe }: UpstreamOptions,
  ) {
    this.#watched = watched;
    this.#balance = balance;
    this.#caller = { identity, zone };
    this.#now = now;
    this.#probe = probe;
    // Callers that start together do not go round in step.
    const turn = Math.floor(random() * 2 ** 16);
    this.#ask = { nowMs: 0, random, exclude: undefined, hash: NO_HASH, turn, anyone: false };
    this.#outliers = new Outliers(balance.ejection, now());
    this.#checkHealth();
  }

  get service(): string {
    return this.#watched.service;
  }

  get balance(): Balance {
    return this.#balance;
  }

  /** The last known healthy instances. */
  get instances(): readonly Instance[] {
    return this.#watched.instances;
  }

  /** Settles when the registry has answered once, or on close. Never rejects: bound the wait by your deadline. */
  get ready(): Promise<void> {
    return this.#watched.ready;
  }

  /** Whether a call runs at any instance. */
  get busy(): boolean {
    return this.#loads.some((load) => load.running > 0);
  }

  /** What is known of each instance now. */
  get loads(): readonly Readonly<InstanceLoad>[] {
    return this.#loads;
  }

  /**
   * The instance for the next call, or undefined when none is left.
   * @param exclude ids not to be taken, those that this request has tried already
   * @param key what the caller sticks to, for the algorithms by key
   */
  pick(exclude?: ReadonlySet<string>, key?: string): Instance | undefined {
    const ask = this.#ask;
    ask.nowMs = this.#now();
    ask.exclude = exclude === undefined || exclude.size === 0 ? undefined : exclude;
    ask.hash = key === undefined ? NO_HASH : hashOf(key);
    ask.turn++;
    this.#health?.used(ask.nowMs);
    this.#choice ??= new Choice(this.#loads, this.#balance, this.#caller);
    return this.#choice.pick(ask)?.instance;
  }

  /** A call to the instance begins. */
  begin(instance: Instance): void {
    this.#watched.begin(instance);
  }

  /**
   * A call to the instance has ended.
   * @param ok false when the instance failed as such (no connection, reset, no answer in time, 502-504), which keeps
   *   calls from it for a while; an answer that only says no (404, 422) is ok
   */
  end(instance: Instance, latencyMs: number, ok: boolean): void {
    this.#watched.end(instance, latencyMs, ok);
  }

  /** @internal */
  begun({ id }: Instance): void {
    this.#byId.get(id)?.begin();
  }

  /** @internal */
  ended({ id }: Instance, latencyMs: number, ok: boolean): void {
    const load = this.#byId.get(id);
    if (!load) return;
    const nowMs = this.#now();
    load.end(latencyMs, ok, nowMs);
    this.#outliers.ended(load, this.#loads, nowMs);
  }

  /** @internal From now on other rules hold; what is known of the instances stays. */
  useBalance(balance: Balance): void {
    this.#balance = balance;
    this.#choice = undefined;
    this.#outliers = new Outliers(balance.ejection, this.#now());
    this.#checkHealth();
  }

  /** @internal The instances that there are now. @param running calls that run already at an instance not known here */
  replace(instances: readonly Instance[], running: (id: string) => number): void {
    const known = this.#byId;
    const isFirst = known.size === 0;
    this.#loads = instances.map((given) => {
      const weight = usableWeight(given.weight);
      const instance = weight === given.weight ? given : { ...given, weight };
      const load = known.get(instance.id);
      if (load && sameProcess(load.instance, instance)) return load.moved(instance);
      const fresh = new InstanceLoad(instance);
      if (isFirst) fresh.running = running(instance.id);
      else this.#startSlowly(fresh);
      return fresh;
    });
    this.#byId = new Map(this.#loads.map((load) => [load.instance.id, load]));
    this.#choice = undefined;
  }

  /** @internal */
  close(): void {
    this.#health?.close();
  }

  #startSlowly(load: InstanceLoad): void {
    const { slowStart } = this.#balance;
    if (slowStart) load.startSlowly(slowStart, this.#now());
  }

  #checkHealth(): void {
    this.#health?.close();
    for (const load of this.#loads) load.isDown = false;
    const { health } = this.#balance;
    this.#health =
      health &&
      new HealthChecks(
        health,
        () => this.#loads,
        (load) => this.#startSlowly(load),
        this.#now,
        this.#ask.random,
        this.#probe,
      );
  }
}

const sameProcess = (a: Instance, b: Instance): boolean =>
  a.address === b.address && a.port === b.port && a.grpcPort === b.grpcPort;
