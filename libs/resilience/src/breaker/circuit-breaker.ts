import { EventEmitter } from 'node:events';
import { RookeryError } from '@rookery/observability';
import Opossum from 'opossum';
import type { Clock } from '../clock.ts';
import { circuitOpen } from '../errors.ts';

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions {
  name?: string;
  /** Share of failed calls that opens the circuit, in percent; 50 when not given. */
  errorPercent?: number;
  /** Calls that a window must hold before it can open the circuit; 10 when not given. */
  minimumCalls?: number;
  /** Length of the window, in ms; 10000 when not given. */
  windowMs?: number;
  /** How long the circuit stays open before one call may try, in ms; 5000 when not given. */
  openMs?: number;
  /** Which errors count against the dependency; {@link isDependencyFailure} when not given. */
  isFailure?: (error: unknown) => boolean;
  /** Told of each change. */
  onState?: (state: CircuitState, name: string) => void;
}

const BUCKETS = 10;

type Work = () => Promise<unknown>;

/** Whether an error speaks against the dependency: anything but a refusal of this very request (4xx) or its caller leaving. */
export function isDependencyFailure(error: unknown): boolean {
  if (error instanceof RookeryError) return error.status >= 500;
  return !(error instanceof Error && error.name === 'AbortError');
}

/** How many buckets of the window went by, and when the last of them began. */
export function rotations(sinceMs: number, nowMs: number, bucketMs: number): { count: number; sinceMs: number } {
  const passed = Math.max(0, Math.floor((nowMs - sinceMs) / bucketMs));
  return { count: Math.min(BUCKETS, passed), sinceMs: sinceMs + passed * bucketMs };
}

/**
 * opossum's breaker with our errors: while the circuit is open calls are refused with `CIRCUIT_OPEN` (503) and the
 * time until the next try. The window turns by the clock at each call instead of by a timer; the one timer is
 * opossum's, while the circuit is open.
 */
export class CircuitBreaker {
  readonly name: string;
  readonly #breaker: Opossum<[Work], unknown>;
  readonly #rotate = new EventEmitter();
  readonly #bucketMs: number;
  readonly #openMs: number;
  readonly #clock: Clock;
  #bucketSinceMs: number;
  #openedAtMs = 0;

  constructor(
    {
      name = 'The dependency',
      errorPercent = 50,
      minimumCalls = 10,
      windowMs = 10_000,
      openMs = 5_000,
      isFailure = isDependencyFailure,
      onState,
    }: CircuitBreakerOptions = {},
    clock: Clock = Date.now,
  ) {
    this.name = name;
    this.#clock = clock;
    this.#openMs = openMs;
    this.#bucketMs = windowMs / BUCKETS;
    this.#bucketSinceMs = clock();
    this.#breaker = new Opossum((work: Work) => work(), {
      name,
      timeout: false,
      errorThresholdPercentage: errorPercent,
      volumeThreshold: minimumCalls,
      resetTimeout: openMs,
      rollingCountTimeout: windowMs,
      rollingCountBuckets: BUCKETS,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#rotate,
      // What says nothing of the dependency must not close a circuit that is only being tried.
      errorFilter: (error: unknown) =>
        !isFailure(error) && !(this.#breaker.halfOpen && !(error instanceof RookeryError)),
    });
    this.#breaker.on('open', () => {
      this.#openedAtMs = this.#clock();
      onState?.('open', name);
    });
    this.#breaker.on('halfOpen', () => onState?.('half-open', name));
    this.#breaker.on('close', () => {
      this.#forget();
      onState?.('closed', name);
    });
  }

  get state(): CircuitState {
    if (this.#breaker.halfOpen) return 'half-open';
    return this.#breaker.opened ? 'open' : 'closed';
  }

  /** Milliseconds until an open circuit lets a call try; 0 when it is not open. */
  get retryAfterMs(): number {
    return this.#breaker.opened ? Math.max(0, this.#openedAtMs + this.#openMs - this.#clock()) : 0;
  }

  /** Runs `work` unless the circuit is open. `work` must end by itself: give it a timeout. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#turnWindow();
    try {
      return (await this.#breaker.fire(work)) as T;
    } catch (error) {
      const refused = error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER';
      throw refused ? circuitOpen(this.name, this.retryAfterMs || this.#bucketMs) : error;
    }
  }

  /** Stops the timer of an open circuit; calls are refused from now on. */
  close(): void {
    this.#breaker.shutdown();
    this.#rotate.removeAllListeners();
  }

  #turnWindow(): void {
    const { count, sinceMs } = rotations(this.#bucketSinceMs, this.#clock(), this.#bucketMs);
    this.#bucketSinceMs = sinceMs;
    for (let turn = 0; turn < count; turn++) this.#rotate.emit('rotate');
  }

  /** After a recovery the failures before it no longer count. */
  #forget(): void {
    for (let turn = 0; turn < BUCKETS; turn++) this.#rotate.emit('rotate');
  }
}
