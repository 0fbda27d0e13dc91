import type { InstanceLoad } from '../instance-load.ts';
import { afterCheck, type CheckedHealth, type HealthRules, UNCHECKED } from './health-judgement.ts';
import { type Probe, type ProbeRules, probe } from './probe.ts';

/** Instances that are asked at one time. */
const AT_ONCE = 16;
/** Each round comes up to this part early, so that many callers do not ask at once. */
const JITTER = 0.2;
/** Nobody asks for a service that nobody calls. */
const UNUSED_AFTER_MS = 10 * 60_000;

export interface HealthCheckOptions extends HealthRules, ProbeRules {
  everyMs: number;
}

/** Asks the instances of a service in rounds, and marks those that are down. */
export class HealthChecks {
  #known = new WeakMap<InstanceLoad, CheckedHealth>();
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #usedAtMs: number;

  constructor(
    private readonly options: HealthCheckOptions,
    private readonly loads: () => readonly InstanceLoad[],
    private readonly onUp: (load: InstanceLoad) => void,
    private readonly now: () => number,
    private readonly random: () => number,
    private readonly ask: Probe = probe,
  ) {
    this.#usedAtMs = now();
    this.#plan(random() * JITTER);
  }

  /** Somebody calls the service. */
  used(nowMs: number): void {
    this.#usedAtMs = nowMs;
    if (!this.#timer && !this.#running) this.#plan(0);
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  #plan(share: number): void {
    if (this.#closed.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#round(), this.options.everyMs * share).unref();
  }

  async #round(): Promise<void> {
    this.#timer = undefined;
    if (this.now() - this.#usedAtMs > UNUSED_AFTER_MS) {
      for (const load of this.loads()) this.#mark(load, UNCHECKED);
      return;
    }
    this.#running = true;
    const left = [...this.loads()];
    const askRest = async () => {
      for (let load = left.pop(); load && !this.#closed.signal.aborted; load = left.pop()) await this.#check(load);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, askRest));
    this.#running = false;
    this.#plan(1 - this.random() * JITTER);
  }

  async #check(load: InstanceLoad): Promise<void> {
    const ok = await this.ask(load.instance, this.options, this.#closed.signal);
    if (!this.#closed.signal.aborted)
      this.#mark(load, afterCheck(this.#known.get(load) ?? UNCHECKED, ok, this.options));
  }

  #mark(load: InstanceLoad, health: CheckedHealth): void {
    this.#known.set(load, health);
    const cameUp = load.isDown && !health.isDown;
    load.isDown = health.isDown;
    if (cameUp) this.onUp(load);
  }
}
