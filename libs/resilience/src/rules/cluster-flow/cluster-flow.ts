import { ClusterRateLimiter, type RateStore } from '../../rate-limit/cluster-rate-limiter.ts';
import { ASK, type CallFacts, type Checker, REFUSED } from '../base.ts';
import type { ClusterFlowRule } from './schema.ts';

/** How long calls that were taken in advance may lie here; then they are lost, never used late. */
const KEPT_MS = 1_000;

export interface ClusterFlowSurroundings {
  readonly id: string;
  readonly store: RateStore;
  /** Processes that share the limit now. */
  readonly instances: () => number;
  readonly clock: () => number;
}

/**
 * One limit for all processes. Calls are taken from the token server one by one or in batches; while it is away the
 * process gives out its share, so that the limit is never open and the traffic never stops.
 */
export class ClusterFlowChecker implements Checker {
  observed = 0;
  readonly limit: number;
  readonly #rule: ClusterFlowRule;
  readonly #limiter: ClusterRateLimiter;
  readonly #clock: () => number;
  readonly #key: string;
  #inHand = 0;
  #takenAtMs = 0;
  #refusedUntilMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(rule: ClusterFlowRule, { id, store, instances, clock }: ClusterFlowSurroundings) {
    const { limit, batch, burst = Math.ceil(limit / 20) } = rule;
    this.#rule = rule;
    this.limit = limit;
    this.#clock = clock;
    this.#key = id;
    // Who knows the others begins to look for them now, and not when the server is away already.
    instances();
    // A batch is one call of a limit that is so many times smaller.
    const inBatches = { perSecond: limit / batch, burst: Math.max(1, burst / batch) };
    this.#limiter = new ClusterRateLimiter(inBatches, store, {
      name: 'flow',
      instances: () => rule.instances ?? instances(),
      maxKeys: 1,
      clock,
    });
  }

  check(_facts: CallFacts, nowMs: number): number {
    if (nowMs - this.#takenAtMs >= KEPT_MS) this.#inHand = 0;
    if (this.#inHand > 0) return 0;
    return nowMs < this.#refusedUntilMs ? REFUSED : ASK;
  }

  admitted(): void {
    this.#inHand--;
  }

  /** Takes calls from the server. With batches one question serves all who wait for it. */
  ask(): Promise<void> {
    if (this.#rule.batch === 1) return this.#take();
    this.#asking ??= this.#take().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  retryAfterMs(nowMs: number): number {
    return Math.max(1, this.#refusedUntilMs - nowMs);
  }

  reason(_observed: number, limit: number): string {
    return `all processes together used up their ${limit} calls/s`;
  }

  async #take(): Promise<void> {
    const { allowed, retryAfterMs } = await this.#limiter.take(this.#key);
    const nowMs = this.#clock();
    if (allowed) {
      this.#inHand += this.#rule.batch;
      this.#takenAtMs = nowMs;
    } else {
      this.#refusedUntilMs = nowMs + retryAfterMs;
    }
  }
}
