export interface GradientOptions {
  /** Never less; 2 when not given. */
  minLimit?: number;
  /** Never more; 1000 when not given. */
  maxLimit?: number;
  /** To begin with; 50 when not given. */
  initialLimit?: number;
  /** Latency may be so many times that of a service at rest; 1.5 when not given. */
  tolerance?: number;
  /** What is known of a service at rest is measured anew after so long; 20000 when not given. */
  probeEveryMs?: number;
}

export type Gradient = Required<GradientOptions>;

export const gradientOptions = (given: GradientOptions = {}): Gradient => {
  const { minLimit = 2, maxLimit = 1_000, initialLimit = 50, tolerance = 1.5, probeEveryMs = 20_000 } = given;
  return { minLimit, maxLimit, initialLimit, tolerance, probeEveryMs };
};

/** What a stretch of time showed. */
export interface Window {
  /** Mean latency of what was answered. */
  readonly latencyMs: number;
  /** Whether the limit was what held calls back, more than once by chance. */
  readonly saturated: boolean;
  /** Whether calls ended by a timeout or as refused for overload. */
  readonly dropped: boolean;
}

export interface GradientState {
  readonly limit: number;
  /** Latency of the service at rest; undefined before anything was measured. */
  readonly restMs: number | undefined;
  /** When that is measured anew. */
  readonly probeAtMs: number;
  /** A measurement under way: the limit to go back to, and the latency before it was lowered last. */
  readonly probing: { readonly from: number; readonly latencyMs: number } | undefined;
}

const FIRST_PROBE_AFTER_MS = 500;
const SMOOTHING = 0.5;
const LEAST_GRADIENT = 0.5;
const DROPPED_FACTOR = 0.9;
/** A lowered limit that does not lower the latency by this shows that nothing waited there. */
const STILL_FALLING = 0.85;

export const firstState = ({ initialLimit }: Gradient, nowMs: number): GradientState => ({
  limit: initialLimit,
  restMs: undefined,
  probeAtMs: nowMs + FIRST_PROBE_AFTER_MS,
  probing: undefined,
});

/**
 * The limit after a window. A service at rest answers in `restMs`; what it needs beyond that is time in queues inside of it.
 * So the limit is multiplied by the gradient `tolerance * restMs / latency` (at most 1), and grows by its square root, the
 * queue that is granted: it settles where latency is about `tolerance` times that at rest, and follows when the capacity
 * changes. This is the gradient limit of Netflix' concurrency-limits (https://github.com/Netflix/concurrency-limits).
 *
 * Under lasting overload nothing is at rest, and a baseline that follows what is seen would creep up with the queue. As in
 * Envoy's adaptive concurrency filter and BBR's ProbeRTT, the limit is lowered for a moment from time to time: halved, as long
 * as that makes answers quicker. The latency where it no longer does is the one at rest.
 */
export function nextState(state: GradientState, window: Window, options: Gradient, nowMs: number): GradientState {
  if (state.probing) return probed(state, state.probing, window, options, nowMs);
  const due = nowMs >= state.probeAtMs;
  if (due && window.saturated && !window.dropped && state.limit > options.minLimit) {
    return {
      ...state,
      limit: Math.max(options.minLimit, state.limit / 2),
      probing: { from: state.limit, latencyMs: window.latencyMs },
    };
  }
  // Without saturation what is seen is the service at rest, also where it has become slower.
  const restMs =
    due && !window.saturated ? window.latencyMs : Math.min(state.restMs ?? window.latencyMs, window.latencyMs);
  const probeAtMs = due ? nowMs + options.probeEveryMs : state.probeAtMs;
  return { limit: adjusted(state.limit, restMs, window, options), restMs, probeAtMs, probing: undefined };
}

function probed(
  state: GradientState,
  probing: NonNullable<GradientState['probing']>,
  { latencyMs, dropped }: Window,
  options: Gradient,
  nowMs: number,
): GradientState {
  const falling = latencyMs < STILL_FALLING * probing.latencyMs && !dropped;
  if (falling && state.limit > options.minLimit)
    return { ...state, limit: Math.max(options.minLimit, state.limit / 2), probing: { from: probing.from, latencyMs } };
  const restMs = Math.min(latencyMs, probing.latencyMs);
  // Where several halvings were needed, the limit was far too high: it begins from the last that still had a queue.
  const limit = Math.min(probing.from, Math.max(options.minLimit, state.limit * 4));
  return { limit, restMs, probeAtMs: nowMs + options.probeEveryMs, probing: undefined };
}

function adjusted(limit: number, restMs: number, window: Window, { minLimit, maxLimit, tolerance }: Gradient): number {
  if (window.dropped) return Math.max(minLimit, limit * DROPPED_FACTOR);
  const gradient = Math.max(LEAST_GRADIENT, Math.min(1, (tolerance * restMs) / window.latencyMs));
  // A limit that nobody reaches says nothing of what would be if it were higher.
  const aim = gradient === 1 && !window.saturated ? limit : limit * gradient + Math.sqrt(limit);
  return Math.min(maxLimit, Math.max(minLimit, limit + SMOOTHING * (aim - limit)));
}
