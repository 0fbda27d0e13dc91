import type { Instance } from '../discovery.ts';

/** Memory of the latency average, in ms: a sample this old weighs a third. */
const MEMORY_MS = 5_000;
/** A sample counts at least this much, however soon it follows the one before. */
const LEAST_SHARE = 0.1;
/** How long an instance is left alone after its first failure; doubles with each further one. */
export const FIRST_PENALTY_MS = 1_000;
export const LONGEST_PENALTY_MS = 30_000;

/** What this process knows of one instance's load and health. Times are of one monotonic clock, in ms. */
export class InstanceLoad {
  /** Calls that have begun and not ended. */
  running = 0;
  /** Failures since the last call that went well. */
  failures = 0;
  /** Not to be asked before this time while others can be. */
  avoidedUntilMs = 0;
  #latencyMs = 0;
  #sampledAtMs = 0;

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
    if (!ok) {
      // Calls that fail together are one failure.
      if (nowMs < this.avoidedUntilMs) return;
      this.avoidedUntilMs = nowMs + Math.min(FIRST_PENALTY_MS * 2 ** this.failures, LONGEST_PENALTY_MS);
      this.failures++;
      return;
    }
    this.failures = 0;
    this.avoidedUntilMs = 0;
    const share = Math.max(1 - Math.exp((this.#sampledAtMs - nowMs) / MEMORY_MS), LEAST_SHARE);
    this.#latencyMs = this.#sampledAtMs === 0 ? latencyMs : this.#latencyMs + (latencyMs - this.#latencyMs) * share;
    this.#sampledAtMs = nowMs;
  }

  /** Average latency; fades while nobody asks the instance, so that one bad time is not held against it for ever. */
  latencyMs(nowMs: number): number {
    return this.#latencyMs * Math.exp((this.#sampledAtMs - nowMs) / MEMORY_MS);
  }

  /** Whether to leave it alone while others can be asked. After a penalty one call at a time tries it. */
  avoided(nowMs: number): boolean {
    return this.failures > 0 && (nowMs < this.avoidedUntilMs || this.running > 0);
  }
}
