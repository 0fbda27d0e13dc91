import { EventEmitter } from 'node:events';
import { RookeryError } from '@rookery/observability';
import Opossum from 'opossum';
import type { Clock } from '../clock.ts';
import { circuitOpen } from '../errors.ts';
import { type Outcomes, type OutcomeWindow, outcomeWindow } from './outcome-window.ts';

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions {
  name?: string;
  /** Share of failed calls that opens the circuit, in percent; 50 when not given. */
  errorPercent?: number;
  /** Calls that take longer are slow. Slow calls do not matter when not given. */
  slowMs?: number;
  /** Share of slow calls that opens the circuit, in percent; 50 when not given. */
  slowPercent?: number;
  /** Calls that a window must hold before it can open the circuit; 10 when not given. */
  minimumCalls?: number;
  /** Length of the window, in ms; 10000 when not given. */
  windowMs?: number;
  /** Looks at the last calls, however old, instead of the last time. */
  windowCalls?: number;
  /** How long the circuit stays open before one call may try, in ms; 2000 when not given. */
  openMs?: number;
  /** Which errors count against the dependency; {@link isDependencyFailure} when not given. */
  isFailure?: (error: unknown) => boolean;
  /** Told of each change. */
  onState?: (state: CircuitState, name: string) => void;
}

interface OpeningLimits {
  readonly errorPercent: number;
  readonly slowPercent: number;
  readonly minimumCalls: number;
}

type Work = () => Promise<unknown>;

/** A call that tried a half-open circuit, went well, and was slow: the answer is good, the dependency is not. */
class SlowTry extends Error {
  constructor(readonly value: unknown) {
    super('slow');
  }
}

/** Whether an error speaks against the dependency: anything but a refusal of this very request (4xx) or its caller leaving. */
export function isDependencyFailure(error: unknown): boolean {
  if (error instanceof RookeryError) return error.status >= 500;
  return !(error instanceof Error && error.name === 'AbortError');
}

/** Whether what was seen opens a closed circuit. */
export const opens = ({ calls, failed, slow }: Outcomes, limits: OpeningLimits): boolean =>
  calls >= limits.minimumCalls &&
  (failed * 100 >= calls * limits.errorPercent || (slow > 0 && slow * 100 >= calls * limits.slowPercent));

/**
 * A circuit: opossum keeps it open, lets one call try and closes it again; while it is closed a window of our own (of time
 * or of calls; errors and slow calls) decides and calls go straight to the dependency, since opossum keeps a list of all
 * durations. While it is open calls are refused with `CIRCUIT_OPEN` (503) and the time until the next try. Nothing has a
 * timer but an open circuit.
 */
export class CircuitBreaker {
  readonly name: string;
  readonly #breaker: Opossum<[Work], unknown>;
  readonly #rotate = new EventEmitter();
  readonly #window: OutcomeWindow;
  readonly #limits: OpeningLimits;
  readonly #slowMs: number;
  readonly #openMs: number;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #clock: Clock;
  #openedAtMs = 0;
  /** Calls that began before belong to the past. */
  #closedSinceMs = Number.NEGATIVE_INFINITY;

  constructor(
    {
      name = 'The dependency',
      errorPercent = 50,
      slowMs = Number.POSITIVE_INFINITY,
      slowPercent = 50,
      minimumCalls = 10,
      windowMs = 10_000,
      windowCalls,
      openMs = 2_000,
      isFailure = isDependencyFailure,
      onState,
    }: CircuitBreakerOptions = {},
    clock: Clock = Date.now,
  ) {
    this.name = name;
    this.#clock = clock;
    this.#openMs = openMs;
    this.#slowMs = slowMs;
    this.#isFailure = isFailure;
    this.#limits = { errorPercent, slowPercent, minimumCalls };
    this.#window = outcomeWindow(windowCalls === undefined ? { windowMs } : { windowCalls });
    this.#breaker = new Opossum((work: Work) => work(), {
      name,
      timeout: false,
      resetTimeout: openMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#rotate,
      // What says nothing of the dependency must not close a circuit that is only being tried.
      errorFilter: (error: unknown) =>
        !(error instanceof SlowTry) && !isFailure(error) && error instanceof RookeryError,
    });
    this.#breaker.on('open', () => {
      this.#openedAtMs = this.#clock();
      onState?.('open', name);
    });
    this.#breaker.on('halfOpen', () => {
      // opossum remembers each try until its buckets turn.
      this.#rotate.emit('rotate');
      onState?.('half-open', name);
    });
    this.#breaker.on('close', () => {
      this.#window.clear();
      this.#closedSinceMs = this.#clock();
      onState?.('closed', name);
    });
  }

  get state(): CircuitState {
    if (this.#breaker.halfOpen) return 'half-open';
    return this.#breaker.opened ? 'open' : 'closed';
  }

  /** Whether calls go straight to the dependency; who makes one must tell of its end. */
  get isClosed(): boolean {
    return this.#breaker.closed;
  }

  /** Milliseconds until an open circuit lets a call try; 0 when it is not open. */
  get retryAfterMs(): number {
    return this.#breaker.opened ? Math.max(0, this.#openedAtMs + this.#openMs - this.#clock()) : 0;
  }

  /** Runs `work` unless the circuit is open. `work` must end by itself: give it a timeout. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#breaker.closed) return this.#try(work);
    const startedAtMs = this.#clock();
    try {
      const value = await work();
      this.succeeded(startedAtMs, this.#clock());
      return value;
    } catch (error) {
      this.failed(error, startedAtMs, this.#clock());
      throw error;
    }
  }

  /** A call that was made while {@link isClosed} went well. */
  succeeded(startedAtMs: number, nowMs: number): void {
    this.#record(false, startedAtMs, nowMs);
  }

  /** A call that was made while {@link isClosed} failed, or its caller left. */
  failed(error: unknown, startedAtMs: number, nowMs: number): void {
    const isFailure = this.#isFailure(error);
    if (isFailure || error instanceof RookeryError) this.#record(isFailure, startedAtMs, nowMs);
  }

  /** Stops the timer of an open circuit; calls are refused from now on. */
  close(): void {
    this.#breaker.shutdown();
    this.#rotate.removeAllListeners();
  }

  #record(failed: boolean, startedAtMs: number, nowMs: number): void {
    if (!this.#breaker.closed || startedAtMs < this.#closedSinceMs) return;
    this.#window.record(nowMs, failed, nowMs - startedAtMs > this.#slowMs);
    if (opens(this.#window, this.#limits)) this.#breaker.open();
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    const watched = async () => {
      const startedAtMs = this.#clock();
      const value = await work();
      if (this.#clock() - startedAtMs > this.#slowMs) throw new SlowTry(value);
      return value;
    };
    try {
      return (await this.#breaker.fire(watched)) as T;
    } catch (error) {
      if (error instanceof SlowTry) return error.value as T;
      const refused = error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER';
      throw refused ? circuitOpen(this.name, this.retryAfterMs || Math.min(1_000, this.#openMs)) : error;
    }
  }
}
