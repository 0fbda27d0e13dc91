import type { Instance } from '../discovery.ts';
import { type SlowStart, slowStartShare } from './slow-start.ts';

/** Memory of the latency average, in ms: a sample this old weighs a third. */
const MEMORY_MS = 5_000;
/** A sample counts at least this much, however soon it follows the one before. */
const LEAST_SHARE = 0.1;

/** What this process knows of one instance's load and health. Times are of one monotonic clock, in ms. */
export class InstanceLoad {
  /** Calls that have begun and not ended. */
  running = 0;
  /** Failures since the last call that went well. */
  failures = 0;
  /** Times that it was ejected since the last call that went well. */
  ejections = 0;
  /** Not to be asked before this time while others can be. */
  ejectedUntilMs = 0;
  /** Ejected for its failures, and no call went well since: one call at a time tries it. */
  isOnTrial = false;
  /** An active check says that it does not serve. */
  isDown = false;
  /** Calls and failures since success rates were compared last. */
  recentCalls = 0;
  recentFailures = 0;
  #latencyMs = 0;
  #sampledAtMs = 0;
  #slowStart: SlowStart | undefined;
  #startedAtMs = 0;

  constructor(public instance: Instance) {}

  /** The same process with other facts (weight, zone, metadata): what is known of it stays. */
  moved(instance: Instance): this {
    this.instance = instance;
    return this;
  }

  begin(): void {
    this.running++;
  }

  /** @param ok false when the instance did not do its part: no connection, reset, no answer in time, unavailable. */
  end(latencyMs: number, ok: boolean, nowMs: number): void {
    if (this.running > 0) this.running--;
    this.recentCalls++;
    if (!ok) {
      this.recentFailures++;
      this.failures++;
      return;
    }
    this.failures = 0;
    if (this.isOnTrial) this.#readmit();
    // A clock that went wrong says nothing; an average would never be rid of it.
    if (!(latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY)) return;
    const share = Math.max(1 - Math.exp((this.#sampledAtMs - nowMs) / MEMORY_MS), LEAST_SHARE);
    this.#latencyMs = this.#sampledAtMs === 0 ? latencyMs : this.#latencyMs + (latencyMs - this.#latencyMs) * share;
    this.#sampledAtMs = nowMs;
  }

  /** Average latency; fades while nobody asks the instance, so that one bad time is not held against it for ever. */
  latencyMs(nowMs: number): number {
    return this.#latencyMs === 0 ? 0 : this.#latencyMs * Math.exp((this.#sampledAtMs - nowMs) / MEMORY_MS);
  }

  /** Its share of traffic begins small from now on, and grows. */
  startSlowly(rules: SlowStart, nowMs: number): void {
    this.#slowStart = rules;
    this.#startedAtMs = nowMs;
  }

  /** Its weight as it counts now. */
  weight(nowMs: number): number {
    return this.#slowStart === undefined ? this.instance.weight : this.instance.weight * this.warmth(nowMs);
  }

  /** The part of its weight that counts already, in (0, 1]. */
  warmth(nowMs: number): number {
    if (this.#slowStart === undefined) return 1;
    const share = slowStartShare(nowMs - this.#startedAtMs, this.#slowStart);
    if (share === 1) this.#slowStart = undefined;
    return share;
  }

  /** Not to be asked before `untilMs`. @param onTrial then by one call at a time, until one goes well */
  eject(untilMs: number, onTrial: boolean): void {
    this.ejections++;
    this.ejectedUntilMs = untilMs;
    this.isOnTrial = onTrial;
  }

  /** Whether it may be asked beside others, as far as its calls and checks say. */
  isOpen(nowMs: number): boolean {
    return !this.isDown && !this.isEjected(nowMs);
  }

  /** Left alone for what its calls said; after its time one call at a time tries it. */
  isEjected(nowMs: number): boolean {
    return nowMs < this.ejectedUntilMs || (this.isOnTrial && this.running > 0);
  }

  #readmit(): void {
    this.isOnTrial = false;
    this.ejections = 0;
    this.ejectedUntilMs = 0;
  }
}
