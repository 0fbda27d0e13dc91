import type { Instance } from '@rookery/discovery';
import { type Clock, isDependencyFailure, PassiveBreaker } from '@rookery/resilience';

/** Whether failures speak against a service as a whole: most of its instances fail now, or its only one. */
export const speaksAgainstService = (failing: number, instances: number): boolean => failing * 2 > instances;

interface Known {
  readonly breaker: PassiveBreaker;
  failing: boolean;
}

/**
 * A breaker for each instance of a service, and the judgement whether a failure is one of the service: an instance that
 * hangs is left alone, and never opens the breaker of the service for all others.
 */
export class InstanceBreakers {
  readonly #clock: Clock;
  #known = new Map<string, Known>();
  /** Failures that are their instance's own. */
  readonly #excused = new WeakSet<object>();

  constructor(clock: Clock = Date.now) {
    this.#clock = clock;
  }

  /** `tried` and the instances that are left alone now; of these, one whose time has come may be tried again. */
  avoided(instances: readonly Instance[], tried: ReadonlySet<string>): ReadonlySet<string> {
    let avoided: Set<string> | undefined;
    for (const { id } of instances) {
      const breaker = this.#known.get(id)?.breaker;
      if (!breaker || breaker.retryAfterMs === 0) continue;
      avoided ??= new Set(tried);
      avoided.add(id);
    }
    return avoided ?? tried;
  }

  /** A try at an instance begins. */
  begins({ id }: Instance): void {
    this.#known.get(id)?.breaker.admit();
  }

  /** A try went well. */
  succeeded({ id }: Instance): void {
    const known = this.#known.get(id);
    if (!known) return;
    known.breaker.succeeded();
    known.failing = false;
  }

  /** A try failed by the instance; `instances` are all that there are now. */
  failed({ id }: Instance, error: unknown, instances: readonly Instance[]): void {
    this.#forgetOthers(instances);
    let known = this.#known.get(id);
    if (!known) {
      known = { breaker: new PassiveBreaker({}, this.#clock), failing: true };
      this.#known.set(id, known);
    }
    known.breaker.failed();
    known.failing = true;
    const failing = instances.reduce((count, each) => (this.#known.get(each.id)?.failing ? count + 1 : count), 0);
    if (!speaksAgainstService(failing, instances.length) && typeof error === 'object' && error)
      this.#excused.add(error);
  }

  /** Whether an error counts against the service. */
  isServiceFailure(error: unknown): boolean {
    return isDependencyFailure(error) && !(typeof error === 'object' && error && this.#excused.has(error));
  }

  #forgetOthers(instances: readonly Instance[]): void {
    if (this.#known.size <= instances.length) return;
    const there = new Set(instances.map(({ id }) => id));
    this.#known = new Map([...this.#known].filter(([id]) => there.has(id)));
  }
}
