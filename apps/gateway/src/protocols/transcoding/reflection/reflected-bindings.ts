import type { Instance } from '@rookery/discovery';
import { type Logger, RookeryError } from '@rookery/observability';
import { errors } from '../../../errors.ts';
import type { Closable } from '../../../filters/shared.ts';
import type { Target } from '../../../upstream/target.ts';
import { type BindingOptions, HttpBindings } from '../http-bindings.ts';
import { askInstance } from './ask-instance.ts';
import { rootOf } from './described-files.ts';

/** Services of which it is kept; beyond them the one that was asked for longest ago is forgotten. */
const MOST_SERVICES = 100;
const ASK_WITHIN_MS = 5_000;
/** A service that has not answered is left alone for so long. */
const PAUSE_MS = 1_000;

export interface ReflectionOptions extends BindingOptions {
  /** Asked anew when it is older, also where the instances are the same. */
  refreshMs: number;
}

interface Known {
  bindings: HttpBindings | undefined;
  /** Of whom it was learnt, or tried to. */
  instances: readonly Instance[];
  askedAtMs: number;
  asking: Promise<HttpBindings> | undefined;
  failure: RookeryError | undefined;
}

/**
 * How methods are called by HTTP, as the instances of each service tell it by reflection. What is known serves on while
 * it is asked for anew: when the instances are others, and after a while.
 */
export class ReflectedBindings implements Closable {
  readonly #known = new Map<string, Known>();
  readonly #options: ReflectionOptions;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  readonly #closed = new AbortController();

  constructor(options: ReflectionOptions, logger: Pick<Logger, 'info' | 'warn'>) {
    this.#options = options;
    this.#logger = logger;
  }

  /** Of a service; a promise only where nothing is known of it yet. */
  of(target: Target): HttpBindings | Promise<HttpBindings> {
    const nowMs = performance.now();
    const known = this.#touch(target.service);
    const { instances } = target;
    const isOld = nowMs - known.askedAtMs >= (known.failure ? PAUSE_MS : this.#options.refreshMs);
    if (!known.asking && (isOld || instances !== known.instances)) {
      known.instances = instances;
      known.askedAtMs = nowMs;
      known.asking = this.#ask(target, known);
      known.asking.catch(() => {});
    }
    if (known.bindings) return known.bindings;
    if (known.asking) return known.asking;
    throw known.failure ?? errors.noInstance(target.service, PAUSE_MS);
  }

  /** For administrators: how many methods answer, by service. */
  state(): Record<string, number> {
    return Object.fromEntries([...this.#known].map(([service, { bindings }]) => [service, bindings?.count ?? 0]));
  }

  close(): void {
    this.#closed.abort();
    this.#known.clear();
  }

  #touch(service: string): Known {
    const known = this.#known.get(service) ?? {
      bindings: undefined,
      instances: [],
      askedAtMs: Number.NEGATIVE_INFINITY,
      asking: undefined,
      failure: undefined,
    };
    this.#known.delete(service);
    this.#known.set(service, known);
    if (this.#known.size > MOST_SERVICES) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return known;
  }

  async #ask(target: Target, known: Known): Promise<HttpBindings> {
    try {
      const bindings = await this.#learn(target);
      known.bindings = bindings;
      known.failure = undefined;
      return bindings;
    } catch (error) {
      known.failure = error instanceof RookeryError ? error : errors.upstreamFailed(target.service);
      this.#logger.warn({ event: 'reflection failed', upstream: target.service, reason: known.failure.message });
      throw known.failure;
    } finally {
      known.asking = undefined;
    }
  }

  /** From the first instance that answers. */
  async #learn(target: Target): Promise<HttpBindings> {
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(ASK_WITHIN_MS)]);
    const tried = new Set<string>();
    let failure: unknown = errors.noInstance(target.service, PAUSE_MS);
    for (let pool = target.choose(tried); pool && !signal.aborted; pool = target.choose(tried)) {
      tried.add(pool.instance.id);
      if (!pool.grpc) throw errors.grpcUnsupported(target.service);
      try {
        const { services, files } = await askInstance(pool.grpc, target.service, signal, this.#options.services);
        return new HttpBindings(rootOf(files), { ...this.#options, services });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
