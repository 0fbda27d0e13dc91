import type { Clock } from '../clock.ts';
import {
  firstState,
  type Gradient,
  type GradientOptions,
  type GradientState,
  gradientOptions,
  nextState,
} from './gradient.ts';

export interface AdaptiveLimitOptions extends GradientOptions {
  clock?: Clock;
}

/** How a call ended: answered, dropped (a timeout, or refused for overload), or in a way that says nothing of the load. */
export type CallEnd = 'answered' | 'dropped' | 'unknown';

const SHORTEST_WINDOW_MS = 50;
const LONGEST_WINDOW_MS = 5_000;
const LEAST_SAMPLES = 10;

/** A place among the calls that are under way; given back once. */
export interface Permit {
  /** Only the first time counts. */
  release(end: CallEnd): void;
}

/**
 * How many calls a service is sent at once, learnt from its latency: see {@link nextState}. There is no queue: what does not
 * get a place is to be refused at once, while an answer is still cheap.
 */
export class AdaptiveLimit {
  readonly #options: Gradient;
  readonly #clock: Clock;
  #state: GradientState;
  #inFlight = 0;
  /** Calls from before the limit was lowered for a measurement still show the latency of the higher one. */
  #epochMs: number;
  #windowSinceMs: number;
  #samples = 0;
  #sumMs = 0;
  #drops = 0;
  #heldBack = 0;

  constructor({ clock = () => performance.now(), ...options }: AdaptiveLimitOptions = {}) {
    this.#options = gradientOptions(options);
    this.#clock = clock;
    const nowMs = clock();
    this.#state = firstState(this.#options, nowMs);
    this.#epochMs = this.#windowSinceMs = nowMs;
  }

  /** Calls that may be under way at once, now. */
  get limit(): number {
    return Math.floor(this.#state.limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Latency of the service at rest, as far as is known. */
  get restMs(): number | undefined {
    return this.#state.restMs;
  }

  /** A place for one call; undefined when there is none. */
  acquire(): Permit | undefined {
    if (this.#inFlight >= this.limit) {
      this.#heldBack++;
      return undefined;
    }
    this.#inFlight++;
    const startedAtMs = this.#clock();
    let held = true;
    return {
      release: (end) => {
        if (!held) return;
        held = false;
        this.#inFlight--;
        if (end !== 'unknown') this.#saw(startedAtMs, end);
      },
    };
  }

  #saw(startedAtMs: number, end: CallEnd): void {
    if (startedAtMs < this.#epochMs) return;
    const nowMs = this.#clock();
    if (end === 'dropped') this.#drops++;
    else {
      this.#samples++;
      this.#sumMs += nowMs - startedAtMs;
    }
    const enough = this.#samples >= LEAST_SAMPLES || this.#drops > 0;
    if (enough && nowMs - this.#windowSinceMs >= this.#windowMs) this.#turn(nowMs);
  }

  /** As long as a call, so that it shows what the limit of now does. */
  get #windowMs(): number {
    return Math.min(LONGEST_WINDOW_MS, Math.max(SHORTEST_WINDOW_MS, this.#state.restMs ?? 0));
  }

  #turn(nowMs: number): void {
    const before = this.#state;
    const latencyMs = this.#samples > 0 ? this.#sumMs / this.#samples : (before.restMs ?? 0) * this.#options.tolerance;
    const window = {
      latencyMs,
      saturated: this.#heldBack > this.#samples / 20,
      dropped: this.#drops > this.#samples / 20,
    };
    // A window of nothing but drops measured nothing at rest.
    this.#state =
      this.#samples > 0 || before.restMs !== undefined ? nextState(before, window, this.#options, nowMs) : before;
    if (this.#state.probing !== before.probing) this.#epochMs = nowMs;
    this.#windowSinceMs = nowMs;
    this.#samples = this.#sumMs = this.#drops = this.#heldBack = 0;
  }
}
