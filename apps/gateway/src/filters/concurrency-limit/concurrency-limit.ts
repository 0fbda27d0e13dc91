import { RookeryError } from '@rookery/observability';
import { AdaptiveLimit, type CallEnd, type Permit } from '@rookery/resilience';
import type { Call, Filter, FilterKind, Verdict } from '../filter.ts';
import { ConcurrencyLimitSettings } from './settings.ts';

const NOTE = 'concurrency-limit';
/** More than the registry may name at once. */
const MAX_SERVICES = 2_000;
const RETRY_AFTER_MS = 1_000;

/** A limit for each service, learnt from the time until its responses begin; see AdaptiveLimit. */
class ServiceLimits {
  readonly #limits = new Map<string, AdaptiveLimit>();
  readonly #settings: ConcurrencyLimitSettings;

  constructor(settings: ConcurrencyLimitSettings) {
    this.#settings = settings;
  }

  of(service: string): AdaptiveLimit {
    let limit = this.#limits.get(service);
    if (!limit) {
      if (this.#limits.size >= MAX_SERVICES) this.#limits.clear();
      limit = new AdaptiveLimit(this.#settings);
      this.#limits.set(service, limit);
    }
    return limit;
  }

  /** By service. */
  get state(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.#limits].map(([service, { limit, inFlight, restMs }]) => [service, { limit, inFlight, restMs }]),
    );
  }

  close(): void {
    this.#limits.clear();
  }
}

/** What a response says of the load of a service. */
export function endOf({ source, status, code }: Pick<Call, 'source' | 'status' | 'code'>): CallEnd {
  if (source === 'gateway') return code === 'UPSTREAM_TIMEOUT' ? 'dropped' : 'unknown';
  if (status === 429 || status === 503 || status === 504) return 'dropped';
  // A failure that comes at once is no sign of a service at rest.
  return status >= 500 ? 'unknown' : 'answered';
}

/** No more requests to a service at once than it can take; the others are refused at once, with 503 and Retry-After. */
class ConcurrencyLimit implements Filter {
  readonly name = 'concurrency-limit';
  readonly #limits: ServiceLimits;

  constructor(limits: ServiceLimits) {
    this.#limits = limits;
  }

  onRequest(call: Call): Verdict {
    const permit = this.#limits.of(call.service).acquire();
    if (permit) {
      call.notes.set(NOTE, permit);
      return undefined;
    }
    return new RookeryError('OVERLOADED', `${call.service} has as many requests under way as it can take.`, {
      status: 503,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  onResponse(call: Call): void {
    (call.notes.get(NOTE) as Permit | undefined)?.release(endOf(call));
  }

  state(): Record<string, unknown> {
    return { services: this.#limits.state };
  }

  onEnd(call: Call): void {
    (call.notes.get(NOTE) as Permit | undefined)?.release('unknown');
  }
}

export const concurrencyLimit: FilterKind<ConcurrencyLimitSettings> = {
  name: 'concurrency-limit',
  schema: ConcurrencyLimitSettings,
  order: 380,
  create: (settings, { shared }) =>
    new ConcurrencyLimit(shared.of(`concurrency-limit:${JSON.stringify(settings)}`, () => new ServiceLimits(settings))),
};
