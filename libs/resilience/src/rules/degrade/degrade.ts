import type { CircuitState } from '../../breaker/circuit-breaker.ts';
import { type Outcomes, type OutcomeWindow, outcomeWindow } from '../../breaker/outcome-window.ts';
import { type CallFacts, type Checker, type Ending, REFUSED } from '../base.ts';
import type { DegradeRule } from './schema.ts';

type Limits = Pick<DegradeRule, 'measure' | 'threshold' | 'minimumCalls'>;

/** What a rule compares with its threshold. */
export function measured({ calls, failed, slow }: Outcomes, measure: DegradeRule['measure']): number {
  if (measure === 'error-count') return failed;
  return calls === 0 ? 0 : (measure === 'slow-ratio' ? slow : failed) / calls;
}

/** Whether what was seen opens a closed circuit. */
export const degrades = (outcomes: Outcomes, { measure, threshold, minimumCalls }: Limits): boolean =>
  outcomes.calls >= minimumCalls && measured(outcomes, measure) >= threshold;

/**
 * Sentinel's circuit breaking as a rule. While it is open nobody is let through; then one call tries, and what becomes of
 * it decides. A call from before the circuit opened decides nothing; a try that never ends gives way to another one.
 */
export class DegradeChecker implements Checker {
  observed = 0;
  readonly limit: number;
  state: CircuitState = 'closed';
  readonly #rule: DegradeRule;
  readonly #window: OutcomeWindow;
  readonly #onState: (state: CircuitState, nowMs: number) => void;
  #nextTryAtMs = 0;
  /** Calls that began before belong to the past. */
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(rule: DegradeRule, onState: (state: CircuitState, nowMs: number) => void = () => {}) {
    this.#rule = rule;
    this.limit = rule.threshold;
    this.#onState = onState;
    this.#window = outcomeWindow(
      rule.windowCalls === undefined ? { windowMs: rule.windowMs ?? 1_000 } : { windowCalls: rule.windowCalls },
    );
  }

  check(_facts: CallFacts, nowMs: number): number {
    return this.state === 'closed' || nowMs >= this.#nextTryAtMs ? 0 : REFUSED;
  }

  admitted(_facts: CallFacts, nowMs: number): void {
    if (this.state === 'closed') return;
    this.#nextTryAtMs = nowMs + this.#rule.openMs;
    this.#sinceMs = nowMs;
    this.#become('half-open', nowMs);
  }

  ended(_facts: CallFacts, startedAtMs: number, nowMs: number, ending: Ending): void {
    if (this.state === 'open' || startedAtMs < this.#sinceMs) return;
    if (ending === 'left') {
      if (this.state === 'half-open') this.#nextTryAtMs = nowMs;
      return;
    }
    const failed = ending !== 'succeeded';
    const slow = this.#rule.slowMs !== undefined && nowMs - startedAtMs > this.#rule.slowMs;
    if (this.state === 'half-open') {
      if (this.#rule.measure === 'slow-ratio' ? slow : failed) this.#open(nowMs);
      else this.#close(nowMs);
      return;
    }
    this.#window.record(nowMs, failed, slow);
    if (!degrades(this.#window, this.#rule)) return;
    this.observed = measured(this.#window, this.#rule.measure);
    this.#open(nowMs);
  }

  retryAfterMs(nowMs: number): number {
    return Math.max(1, this.#nextTryAtMs - nowMs);
  }

  reason(observed: number, limit: number): string {
    const { measure, slowMs, openMs } = this.#rule;
    const share = (value: number) => `${Math.round(value * 1_000) / 10} %`;
    const what =
      measure === 'error-count'
        ? `${observed} calls failed (the limit is ${limit})`
        : measure === 'error-ratio'
          ? `${share(observed)} of its calls failed (the limit is ${share(limit)})`
          : `${share(observed)} of its calls took longer than ${slowMs} ms (the limit is ${share(limit)})`;
    return `${what}; it is left alone for ${openMs} ms`;
  }

  #open(nowMs: number): void {
    this.#nextTryAtMs = nowMs + this.#rule.openMs;
    this.#become('open', nowMs);
  }

  #close(nowMs: number): void {
    this.#window.clear();
    this.#sinceMs = nowMs;
    this.#become('closed', nowMs);
  }

  #become(state: CircuitState, nowMs: number): void {
    if (this.state === state) return;
    this.state = state;
    this.#onState(state, nowMs);
  }
}
