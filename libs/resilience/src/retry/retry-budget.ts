import type { Clock } from '../clock.ts';

export interface RetryBudgetOptions {
  /** Retries allowed for each call made, 0.1 when not given: load grows by at most a tenth. */
  ratio?: number;
  /** Retries that can be spent at once, and that a fresh budget holds. 10 when not given. */
  burst?: number;
  /** Retries that come back every second where the calls earn less. 1 when not given. */
  perSecond?: number;
}

export interface BudgetState {
  readonly tokens: number;
  readonly atMs: number;
  /** What calls have put in since then, whether or not there was room. */
  readonly earned: number;
}

export type BudgetLimits = Required<RetryBudgetOptions>;

/** The bucket at `nowMs`, before anything is put in or taken: time fills up what calls lacked. A clock that went back refills nothing. */
export function refill(state: BudgetState, limits: BudgetLimits, nowMs: number): BudgetState {
  const elapsedMs = Math.max(0, nowMs - state.atMs);
  const lacking = Math.max(0, (elapsedMs / 1_000) * limits.perSecond - state.earned);
  return { tokens: Math.min(limits.burst, state.tokens + lacking), atMs: nowMs, earned: 0 };
}

/** The bucket after a first attempt was made. */
export const deposit = (state: BudgetState, limits: BudgetLimits): BudgetState => ({
  tokens: Math.min(limits.burst, state.tokens + limits.ratio),
  atMs: state.atMs,
  earned: state.earned + limits.ratio,
});

/** The bucket after a retry, or undefined when it cannot pay for one. */
export const withdraw = (state: BudgetState): BudgetState | undefined =>
  state.tokens >= 1 ? { ...state, tokens: state.tokens - 1 } : undefined;

/**
 * A token bucket that pays for retries, shared by all calls to one dependency. Over any stretch of time retries are
 * at most `burst + ratio * calls`, or `burst + perSecond * seconds` where few calls are made, so a failing dependency never meets a storm.
 */
export class RetryBudget {
  readonly #limits: BudgetLimits;
  readonly #clock: Clock;
  #state: BudgetState;

  constructor({ ratio = 0.1, burst = 10, perSecond = 1 }: RetryBudgetOptions = {}, clock: Clock = Date.now) {
    this.#limits = { ratio, burst, perSecond };
    this.#clock = clock;
    this.#state = { tokens: burst, atMs: clock(), earned: 0 };
  }

  /** Whole retries that could be made now. */
  get available(): number {
    return Math.floor(refill(this.#state, this.#limits, this.#clock()).tokens);
  }

  /** A first attempt was made. */
  earn(): void {
    this.#state = deposit(this.#state, this.#limits);
  }

  /** Takes one retry; false when none is left. */
  spend(): boolean {
    const now = refill(this.#state, this.#limits, this.#clock());
    const paid = withdraw(now);
    this.#state = paid ?? now;
    return paid !== undefined;
  }
}
