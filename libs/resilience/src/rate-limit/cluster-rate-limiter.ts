import { PassiveBreaker } from '../breaker/passive-breaker.ts';
import type { Clock } from '../clock.ts';
import { type Cost, costOf, decisionOf, type RateDecision, type RateLimit, shareOf } from './gcra.ts';
import { LocalRateLimiter } from './local-rate-limiter.ts';

/** Where several processes count together. */
export interface RateStore {
  /** Takes one call of a key where the limit allows it; tells what the key owes then. Fails within a deadline. */
  take(key: string, limit: RateLimit): Promise<{ allowed: boolean; owedMs: number }>;
  close(): Promise<void>;
}

export interface ClusterRateLimiterOptions {
  /** Set before each key, so that limits of one store do not meet. */
  name: string;
  /** How many processes share the limit now: while the store is away each gives out its part. 1 when not given. */
  instances?: () => number;
  /** Keys that are remembered here; 50000 when not given. */
  maxKeys?: number;
  clock?: Clock;
}

/** A decision, and who made it. */
export interface ClusterDecision extends RateDecision {
  readonly by: 'cluster' | 'local';
}

/** A refusal is repeated here for so long without asking again. */
const REFUSED_HERE_MS = 1_000;

/**
 * A limit for each key over all processes. The store decides; while it does not answer, each process gives out its share,
 * beginning from what the store last said: a lost store neither opens the limit nor stops the traffic.
 */
export class ClusterRateLimiter {
  readonly limit: RateLimit;
  readonly #cost: Cost;
  readonly #store: RateStore;
  readonly #name: string;
  readonly #instances: () => number;
  readonly #clock: Clock;
  readonly #local: LocalRateLimiter;
  readonly #breaker: PassiveBreaker;
  readonly #maxKeys: number;
  readonly #refused = new Map<string, { decision: ClusterDecision; atMs: number }>();

  constructor(limit: RateLimit, store: RateStore, options: ClusterRateLimiterOptions) {
    const { name, instances = () => 1, maxKeys = 50_000, clock = Date.now } = options;
    this.limit = limit;
    this.#cost = costOf(limit);
    this.#store = store;
    this.#name = name;
    this.#instances = instances;
    this.#clock = clock;
    this.#maxKeys = maxKeys;
    this.#local = new LocalRateLimiter(limit, { maxKeys, clock });
    this.#breaker = new PassiveBreaker({ consecutive: 3, openMs: 500, maxOpenMs: 2_000 }, clock);
  }

  /** Takes one call of the key where the limit allows it; a promise only where the store is asked. */
  take(key: string): ClusterDecision | Promise<ClusterDecision> {
    return this.#refusedBefore(key) ?? (this.#breaker.admit() ? this.#ask(key) : this.#takeShare(key));
  }

  async #ask(key: string): Promise<ClusterDecision> {
    try {
      const { allowed, owedMs } = await this.#store.take(`${this.#name}:${key}`, this.limit);
      this.#breaker.succeeded();
      this.#local.owes(key, owedMs);
      const decision: ClusterDecision = { ...decisionOf(this.#cost, owedMs, allowed), by: 'cluster' };
      if (!allowed) this.#remember(key, decision);
      return decision;
    } catch {
      this.#breaker.failed();
      return this.#takeShare(key);
    }
  }

  #takeShare(key: string): ClusterDecision {
    this.#local.limit = shareOf(this.limit, this.#instances());
    return { ...this.#local.take(key), by: 'local' };
  }

  /** What was refused a moment ago is refused until its time is there, whoever asks. */
  #refusedBefore(key: string): ClusterDecision | undefined {
    const refused = this.#refused.get(key);
    if (!refused) return undefined;
    const sinceMs = this.#clock() - refused.atMs;
    const { decision } = refused;
    if (sinceMs >= 0 && sinceMs < Math.min(decision.retryAfterMs, REFUSED_HERE_MS))
      return {
        ...decision,
        retryAfterMs: decision.retryAfterMs - sinceMs,
        fullAfterMs: decision.fullAfterMs - sinceMs,
      };
    this.#refused.delete(key);
    return undefined;
  }

  #remember(key: string, decision: ClusterDecision): void {
    if (this.#refused.size >= this.#maxKeys) this.#refused.clear();
    this.#refused.set(key, { decision, atMs: this.#clock() });
  }
}
