import { type Balance, type Instance, parseBalance, type Upstreams } from '@rookery/discovery';
import { RookeryError, remainingMs, withClientSpan } from '@rookery/observability';
import { timeout } from '@rookery/resilience';
import { rpcErrors } from '../errors/rpc-errors.ts';
import { InstanceBreakers } from './instance-breakers.ts';
import type { PerInstance } from './per-instance.ts';
import type { RpcObserver } from './rpc-observer.ts';
import { DEFAULT_TIMEOUT_MS, type RpcPolicy, rpcPolicies } from './rpc-policy.ts';

/** What a single call may change. */
export interface CallOptions {
  /** For the whole call; a nearer deadline of the current request wins. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Calls with one key go to one instance, where the service is balanced by key. */
  key?: string;
}

/** One attempt of a call at one instance. */
export interface Attempt<C> {
  readonly connection: C;
  readonly instance: Instance;
  /** Aborts when time is up or the caller leaves. */
  readonly signal: AbortSignal;
  readonly deadlineAtMs: number;
  /** Time that the whole call was given, for messages. */
  readonly timeoutMs: number;
}

/** What is known of a call before it is made. */
export interface CallFacts extends CallOptions {
  /** For messages: `GetFilm`, `GET /api/catalog/films/:id`. */
  readonly call: string;
  /** Whether it does no harm when it runs twice. */
  readonly repeatable: boolean;
}

/** How long a caller should wait who was refused because the service is away. */
const RETRY_AFTER_MS = 1_000;

/** Makes calls to one service: an instance by its balance, another one after a failure, under one breaker and one budget. */
export class UpstreamCaller<C> {
  readonly #policies: ReturnType<typeof rpcPolicies>;
  readonly #instances = new InstanceBreakers();
  readonly #balance: Balance | undefined;

  constructor(
    readonly service: string,
    private readonly upstreams: Upstreams,
    private readonly connections: PerInstance<C>,
    private readonly policy: RpcPolicy,
    private readonly observer: RpcObserver = {},
  ) {
    this.#balance = policy.balance === undefined ? undefined : parseBalance(policy.balance, `${service}.balance`);
    this.#policies = rpcPolicies(service, policy, this.#instances, (state) => observer.circuit?.(service, state));
  }

  async call<T>(facts: CallFacts, work: (attempt: Attempt<C>) => Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    let status = 'ok';
    try {
      return await this.#call(facts, work);
    } catch (error) {
      status = error instanceof RookeryError ? error.code : 'INTERNAL';
      throw error;
    } finally {
      const durationMs = performance.now() - startedAtMs;
      this.observer.ended?.({ upstream: this.service, call: facts.call, status, durationMs });
    }
  }

  /** How the service is balanced for these calls. */
  get balance(): Balance {
    return this.#balance ?? this.upstreams.of(this.service).balance;
  }

  close(): void {
    this.#policies.repeatable.close();
    this.#policies.once.close();
    this.#policies.breaker.close();
  }

  async #call<T>(facts: CallFacts, work: (attempt: Attempt<C>) => Promise<T>): Promise<T> {
    const timeoutMs = remainingMs(facts.timeoutMs ?? this.policy.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    if (timeoutMs <= 0) throw rpcErrors.deadline(this.service, facts.call, 0);
    const deadlineAtMs = Date.now() + timeoutMs;
    const tried = new Set<string>();
    const run = facts.repeatable ? this.#policies.repeatable : this.#policies.once;
    try {
      return await timeout(
        (signal) =>
          run((attempt) => this.#attempt(tried, facts, { signal: attempt, deadlineAtMs, timeoutMs }, work), {
            signal,
          }),
        timeoutMs,
        { name: this.service, ...(facts.signal && { signal: facts.signal }) },
      );
    } catch (error) {
      throw this.#told(error, facts, timeoutMs);
    }
  }

  async #attempt<T>(
    tried: Set<string>,
    { call, key }: CallFacts,
    facts: Pick<Attempt<C>, 'signal' | 'deadlineAtMs' | 'timeoutMs'>,
    work: (attempt: Attempt<C>) => Promise<T>,
  ): Promise<T> {
    const upstream = this.upstreams.of(this.service, this.#balance);
    await upstream.ready;
    const avoided = this.#instances.avoided(upstream.instances, tried);
    const instance = upstream.pick(avoided, key) ?? upstream.pick(tried, key) ?? upstream.pick(undefined, key);
    if (!instance) throw rpcErrors.noInstance(this.service);
    tried.add(instance.id);
    const { connection, giveBack } = this.connections.lend(instance);
    const startedAtMs = performance.now();
    const { signal } = facts;
    let well = true;
    const failed = (error: unknown): void => {
      if (!well || !isInstanceFailure(error)) return;
      well = false;
      this.#instances.failed(instance, error, upstream.instances);
    };
    // The policy judges an attempt that is out of time before the attempt itself has ended.
    const outOfTime = (): void => failed(signal.reason);
    signal.addEventListener('abort', outOfTime, { once: true });
    upstream.begin(instance);
    this.#instances.begins(instance);
    try {
      const answer = await withClientSpan(
        `${this.service} ${call}`,
        {
          'peer.service': this.service,
          'server.address': instance.address,
          'rookery.instance': instance.id,
          'rookery.try': tried.size,
        },
        () => work({ connection, instance, ...facts }),
      );
      this.#instances.succeeded(instance);
      return answer;
    } catch (error) {
      if (error instanceof RookeryError && !isInstanceFailure(error)) this.#instances.succeeded(instance);
      else failed(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', outOfTime);
      upstream.end(instance, performance.now() - startedAtMs, well);
      giveBack();
    }
  }

  #told(error: unknown, { call, signal }: CallFacts, timeoutMs: number): unknown {
    if (signal?.aborted) return rpcErrors.cancelled(this.service, call, error);
    if (error instanceof RookeryError && ['CALL_TIMEOUT', 'DEADLINE_EXCEEDED'].includes(error.code)) {
      return rpcErrors.deadline(this.service, call, Math.round(timeoutMs), error);
    }
    if (error instanceof RookeryError && error.status === 503 && error.retryAfterMs === undefined) {
      const { code, message, status, details } = error;
      return new RookeryError(code, message, { status, details, retryAfterMs: RETRY_AFTER_MS, cause: error });
    }
    return error;
  }
}

/** Whether the instance itself did not do its part, as against saying no or having a defect in one handler. */
const isInstanceFailure = (error: unknown): boolean =>
  error instanceof RookeryError ? [502, 503, 504].includes(error.status) : !isAbort(error);

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
