import type { Logger, Metrics } from '@rookery/observability';
import type { CircuitState } from '@rookery/resilience';

/** How one call to another service went. */
export interface EndedCall {
  upstream: string;
  /** As it was declared, never with ids in it. */
  call: string;
  /** `ok`, or the code of the error. */
  status: string;
  durationMs: number;
}

/** Hears of calls to other services. */
export interface RpcObserver {
  ended?(call: EndedCall): void;
  circuit?(upstream: string, state: CircuitState): void;
}

const OPENNESS: Record<CircuitState, number> = { closed: 0, 'half-open': 0.5, open: 1 };

/** Puts durations and breakers into the metrics, and each change of a breaker into the log. */
export function rpcObserver(metrics: Metrics, logger: Logger): RpcObserver {
  const duration = metrics.duration(
    'client_request_duration_seconds',
    'Duration of calls to other services, retries included; its status label tells their errors',
    ['upstream', 'call', 'status'],
  );
  const openness = metrics.gauge('client_circuit_open', 'Breaker of a service: 0 closed, 0.5 half-open, 1 open', [
    'upstream',
  ]);
  return {
    ended: ({ durationMs, ...labels }) => duration.observe(labels, durationMs / 1_000),
    circuit(upstream, state) {
      openness.set({ upstream }, OPENNESS[state]);
      logger[state === 'open' ? 'warn' : 'info']({ upstream, state }, 'circuit changed');
    },
  };
}
