import type { Clock } from '../clock.ts';
import type { CircuitState } from './circuit-breaker.ts';

export interface PassiveBreakerOptions {
  /** Failures in a row that open it; 5 when not given. */
  consecutive?: number;
  /** Share of failures in the window that opens it, in percent; 50 when not given. */
  errorPercent?: number;
  /** Calls that a window must hold before the share counts; 20 when not given. */
  minimumCalls?: number;
  /** Length of the window, in ms; 10000 when not given. */
  windowMs?: number;
  /** How long it stays open the first time, in ms; doubles with each opening that follows without a success. 1000 when not given. */
  openMs?: number;
  /** Longest time open, in ms; 30000 when not given. */
  maxOpenMs?: number;
}

export interface Counts {
  readonly calls: number;
  readonly failures: number;
  readonly inARow: number;
}

/** Whether what was seen opens a closed breaker. */
export const shallOpen = (
  { calls, failures, inARow }: Counts,
  { consecutive, errorPercent, minimumCalls }: Required<PassiveBreakerOptions>,
): boolean => inARow >= consecutive || (calls >= minimumCalls && failures * 100 >= calls * errorPercent);

/** How long the n-th opening in a row lasts; `opening` counts from 1. */
export const openForMs = (opening: number, openMs: number, maxOpenMs: number): number =>
  Math.min(maxOpenMs, openMs * 2 ** Math.min(opening - 1, 30));

/**
 * A breaker that is told outcomes instead of running calls, for data paths where a promise per call costs too much.
 * It has no timer: time decides when it is asked. After its time open one call may try; should the outcome of that
 * one never come, another may try after the same time again. Outcomes of calls from before it opened change nothing.
 */
export class PassiveBreaker {
  readonly #options: Required<PassiveBreakerOptions>;
  readonly #clock: Clock;
  #state: CircuitState = 'closed';
  #openings = 0;
  #nextTryAtMs = 0;
  #inARow = 0;
  #windowSinceMs: number;
  #calls = 0;
  #failures = 0;
  #callsBefore = 0;
  #failuresBefore = 0;

  constructor(options: PassiveBreakerOptions = {}, clock: Clock = Date.now) {
    const { consecutive = 5, errorPercent = 50, minimumCalls = 20, windowMs = 10_000 } = options;
    const { openMs = 1_000, maxOpenMs = 30_000 } = options;
    this.#options = { consecutive, errorPercent, minimumCalls, windowMs, openMs, maxOpenMs };
    this.#clock = clock;
    this.#windowSinceMs = clock();
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Milliseconds until a call may be made; 0 when one may now. */
  get retryAfterMs(): number {
    return this.#state === 'closed' ? 0 : Math.max(0, this.#nextTryAtMs - this.#clock());
  }

  /** Whether a call may be made now. A yes from a breaker that is not closed is for one call only. */
  admit(): boolean {
    if (this.#state === 'closed') return true;
    const nowMs = this.#clock();
    if (nowMs < this.#nextTryAtMs) return false;
    this.#state = 'half-open';
    this.#nextTryAtMs = nowMs + openForMs(this.#openings, this.#options.openMs, this.#options.maxOpenMs);
    return true;
  }

  /** A call went well. */
  succeeded(): void {
    if (this.#state === 'closed') {
      this.#inARow = 0;
      this.#turnWindow();
      this.#calls++;
    } else if (this.#state === 'half-open') {
      this.#state = 'closed';
      this.#openings = 0;
      this.#inARow = this.#calls = this.#failures = this.#callsBefore = this.#failuresBefore = 0;
    }
  }

  /** A call failed in a way that speaks against the dependency. */
  failed(): void {
    if (this.#state === 'half-open') this.#open();
    if (this.#state !== 'closed') return;
    this.#turnWindow();
    this.#inARow++;
    this.#calls++;
    this.#failures++;
    const counts = {
      calls: this.#calls + this.#callsBefore,
      failures: this.#failures + this.#failuresBefore,
      inARow: this.#inARow,
    };
    if (shallOpen(counts, this.#options)) this.#open();
  }

  /** Opens it at once, for what needs no statistics: a refused connection. */
  trip(): void {
    if (this.#state !== 'open') this.#open();
  }

  #open(): void {
    this.#state = 'open';
    this.#openings++;
    this.#nextTryAtMs = this.#clock() + openForMs(this.#openings, this.#options.openMs, this.#options.maxOpenMs);
  }

  /** Two halves approximate a sliding window: what is counted is between a half and a whole window old. */
  #turnWindow(): void {
    const half = this.#options.windowMs / 2;
    const passedMs = this.#clock() - this.#windowSinceMs;
    if (passedMs < half) return;
    const skipped = passedMs >= 2 * half;
    this.#callsBefore = skipped ? 0 : this.#calls;
    this.#failuresBefore = skipped ? 0 : this.#failures;
    this.#calls = this.#failures = 0;
    this.#windowSinceMs += Math.floor(passedMs / half) * half;
  }
}
