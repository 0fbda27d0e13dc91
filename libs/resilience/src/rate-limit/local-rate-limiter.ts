import type { Clock } from '../clock.ts';
import { type Cost, costOf, decisionOf, mayTake, type RateDecision, type RateLimit } from './gcra.ts';

export interface LocalRateLimiterOptions {
  /** Keys that are remembered; 50000 when not given. */
  maxKeys?: number;
  clock?: Clock;
}

interface Debt {
  /** When the key owes nothing any more. */
  paidAtMs: number;
}

/** Entries looked at for one that can be forgotten. */
const PROBES = 8;

/**
 * A limit for each key, in this process. The table is bounded: a key that owes nothing is forgotten at no loss, and when
 * all owe something, of a few the one that owes least.
 */
export class LocalRateLimiter {
  #cost: Cost;
  readonly #maxKeys: number;
  readonly #clock: Clock;
  readonly #debts = new Map<string, Debt>();
  /** A hand that goes round: a new iterator each time would pass all that was deleted before. */
  #hand: MapIterator<[string, Debt]>;

  constructor(limit: RateLimit, { maxKeys = 50_000, clock = Date.now }: LocalRateLimiterOptions = {}) {
    this.#cost = costOf(limit);
    this.#maxKeys = maxKeys;
    this.#clock = clock;
    this.#hand = this.#debts.entries();
  }

  /** May be changed at any time: what keys owe stays. */
  set limit(limit: RateLimit) {
    this.#cost = costOf(limit);
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#debts.size;
  }

  /** Takes one call of the key where the limit allows it. */
  take(key: string): RateDecision {
    const nowMs = this.#clock();
    const debt = this.#debtOf(key, nowMs);
    const owedMs = this.#owed(debt, nowMs);
    const allowed = mayTake(this.#cost, owedMs);
    const nextMs = allowed ? owedMs + this.#cost.intervalMs : owedMs;
    debt.paidAtMs = nowMs + nextMs;
    return decisionOf(this.#cost, nextMs, allowed);
  }

  /** What the key could do now; takes nothing. */
  peek(key: string): RateDecision {
    const debt = this.#debts.get(key);
    const owedMs = debt ? this.#owed(debt, this.#clock()) : 0;
    return decisionOf(this.#cost, owedMs, mayTake(this.#cost, owedMs));
  }

  /** Somebody else has counted: the key owes so much. */
  owes(key: string, owedMs: number): void {
    const nowMs = this.#clock();
    this.#debtOf(key, nowMs).paidAtMs = nowMs + owedMs;
  }

  /** A clock that went back, and a limit that was lowered, leave nobody with more than a whole burst to pay. */
  #owed(debt: Debt, nowMs: number): number {
    return Math.min(Math.max(0, debt.paidAtMs - nowMs), this.#cost.mostMs);
  }

  #debtOf(key: string, nowMs: number): Debt {
    let debt = this.#debts.get(key);
    if (!debt) {
      if (this.#debts.size >= this.#maxKeys) this.#forgetOne(nowMs);
      debt = { paidAtMs: nowMs };
      this.#debts.set(key, debt);
    }
    return debt;
  }

  #forgetOne(nowMs: number): void {
    let least: [string, Debt] | undefined;
    for (let probe = 0; probe < PROBES; probe++) {
      let next = this.#hand.next();
      if (next.done) {
        this.#hand = this.#debts.entries();
        next = this.#hand.next();
      }
      if (next.done) break;
      if (!least || next.value[1].paidAtMs < least[1].paidAtMs) least = next.value;
      if (least[1].paidAtMs <= nowMs) break;
    }
    if (least) this.#debts.delete(least[0]);
  }
}
