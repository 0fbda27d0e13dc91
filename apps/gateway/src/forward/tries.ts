import type { Duplex } from 'node:stream';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { type FlatHeaders, headerOf } from '../request/flat-headers.ts';
import { type BalanceKey, balanceKeyOf } from '../upstream/balance-key.ts';
import type { InstancePool } from '../upstream/instance-pool.ts';
import type { Target } from '../upstream/target.ts';
import type { Waiting } from './deadlines.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { Outgoing } from './outgoing.ts';
import type { Passage } from './passage.ts';
import { failureOf, mayRetry, type TryFailure } from './retry-decision.ts';
import type { TriesOwner } from './tries-owner.ts';
import { type TryListener, type UpgradeHeaders, UpstreamTry } from './upstream-try.ts';

/** One request to the instances of a service, one after another, until one answers or none may be asked any more. */
export class Tries implements TryListener, Waiting {
  slot = -1;
  dueAtMs = 0;
  count = 0;
  instance = '';
  #target: Target | undefined;
  #current: UpstreamTry | undefined;
  readonly #outgoing: Outgoing;
  #tried: Set<string> | undefined;
  #tryMs = 0;
  #answered = false;
  #key: BalanceKey | undefined;
  /** Whether a failure speaks against the service: not when the client left, or gave less time than the route does. */
  #blamed = false;

  constructor(
    private readonly parts: ExchangeParts,
    private readonly owner: TriesOwner,
    private readonly limitMs: number,
    passage: Passage | undefined,
  ) {
    this.#outgoing = new Outgoing(parts, passage, (limitBytes) => this.#tooLarge(limitBytes));
  }

  /** Whether an instance is asked, or gives its answer. */
  get isAsking(): boolean {
    return this.#current !== undefined;
  }

  start(target: Target, nowMs: number): void {
    this.#target = target;
    if (target.isReady) this.#admit(target, nowMs);
    else this.#awaitTarget(target);
  }

  /** A cookie that keeps the client with its instance, where it came without. */
  get setCookie(): string | undefined {
    return this.#key?.setCookie;
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.#blamed = false;
    this.#current?.abandon(this.#answered ? 'answered' : 'unknown');
  }

  /** The exchange is over; `failed` where it did not go well. */
  end(failed: boolean): void {
    this.parts.deadlines.delete(this);
    this.#outgoing.destroy();
    const target = this.#target;
    if (!target || !this.#current) return;
    const breaker = this.parts.match.compiled.breakerOf(target);
    if (this.#blamed && failed) breaker.failed();
    else if (this.#answered) breaker.succeeded();
  }

  onHeaders(attempt: UpstreamTry, status: number, headers: FlatHeaders): void {
    const { match, deadlines } = this.parts;
    if (status >= 429 && match.compiled.retryStatuses.has(status) && this.#tryAnother(attempt, 'busy')) {
      attempt.discard();
      return;
    }
    // The deadline of a gRPC call is that of its whole stream.
    if (!match.compiled.route.grpc || this.parts.head.timeoutMs === undefined) deadlines.delete(this);
    this.#answered = true;
    this.owner.onResponse(status, headers);
  }

  onData(attempt: UpstreamTry, chunk: Buffer): void {
    this.owner.onData(chunk, attempt.controller);
  }

  onEnd(_attempt: UpstreamTry, trailers: UpgradeHeaders): void {
    this.owner.onEnd(trailers);
  }

  onUpgrade(attempt: UpstreamTry, status: number, headers: UpgradeHeaders, socket: Duplex): void {
    const { arrival, deadlines } = this.parts;
    deadlines.delete(this);
    const fault = arrival.upgrade ? arrival.upgrade.faultOf(status, headers) : 'nobody asked for it';
    if (fault) {
      socket.destroy();
      this.#blamed = true;
      attempt.outcome = 'failed';
      this.owner.onFailed(errors.upgradeFailed(attempt.pool.instance.service, fault));
      return;
    }
    if (this.#target) this.parts.match.compiled.breakerOf(this.#target).succeeded();
    // From here on only the tunnel's end counts, and that says nothing of the service.
    this.#current = undefined;
    this.owner.onSwitched(status, headers, socket);
  }

  onError(attempt: UpstreamTry, error: Error): void {
    const { owner } = this;
    if (owner.isOver) return;
    if (this.#outgoing.clientLeft) {
      owner.onClientLeft();
      return;
    }
    if (error instanceof RookeryError && !this.#answered) {
      // A filter refuses the body of the request: nothing speaks against the instance.
      attempt.outcome = 'unknown';
      owner.onFailed(error);
      return;
    }
    this.#blamed = true;
    attempt.outcome = 'failed';
    if (this.#answered) owner.onCut('UPSTREAM_FAILED');
    else if (!this.#tryAnother(attempt, failureOf(error, attempt.sent))) {
      owner.onFailed(errors.upstreamFailed(attempt.pool.instance.service));
    }
  }

  onDue(): void {
    const attempt = this.#current;
    if (this.owner.isOver || !attempt) return;
    if (this.#answered) {
      attempt.abandon('answered');
      this.owner.onCut('UPSTREAM_TIMEOUT');
      return;
    }
    const { route } = this.parts.match.compiled;
    const wasPatient = this.#tryMs >= route.tryTimeoutMs || this.limitMs >= route.timeoutMs;
    this.#blamed ||= wasPatient;
    attempt.abandon(wasPatient ? 'failed' : 'unknown');
    if (!this.#tryAnother(attempt, 'timeout')) this.owner.onFailed(this.#timedOut());
  }

  /** The registry has not answered yet what instances there are: only in a gateway's first moments. */
  #awaitTarget(target: Target): void {
    const { owner } = this;
    const timer = setTimeout(
      () => owner.onFailed(errors.noInstance(target.service, 1_000)),
      Math.min(this.limitMs, 2_000),
    );
    const known = () => {
      clearTimeout(timer);
      if (!owner.isOver) this.#admit(target, performance.now());
    };
    target.ready().then(known, known);
  }

  #admit(target: Target, nowMs: number): void {
    const { head, arrival } = this.parts;
    const { compiled } = this.parts.match;
    const { balance } = compiled.route;
    if (balance) this.#key = balanceKeyOf(balance, (name) => headerOf(head.headers, name), arrival.clientAddress);
    const pool = this.#choose(target);
    const breaker = compiled.breakerOf(target);
    if (!pool) {
      this.owner.onFailed(errors.noInstance(target.service, 1_000));
    } else if (!breaker.admit()) {
      this.owner.onFailed(errors.circuitOpen(target.service, breaker.retryAfterMs));
    } else {
      compiled.budgetOf(target).earn();
      this.#try(target, pool, nowMs);
    }
  }

  #choose(target: Target, tried?: ReadonlySet<string>): InstancePool | undefined {
    return target.choose(tried, this.parts.match.compiled.route.balance, this.#key?.key);
  }

  #try(target: Target, pool: InstancePool, nowMs: number): void {
    const { arrival, match, deadlines } = this.parts;
    const { route } = match.compiled;
    const leftMs = this.#leftMs(nowMs);
    if (pool.isFull || leftMs <= 0) {
      this.owner.onFailed(pool.isFull ? errors.overloaded(target.service) : this.#timedOut());
      return;
    }
    if (route.grpc && !pool.grpc) {
      this.owner.onFailed(errors.grpcUnsupported(target.service));
      return;
    }
    this.#tryMs = Math.min(leftMs, route.tryTimeoutMs);
    this.count++;
    this.instance = pool.instance.id;
    const span = arrival.spans?.beginTry(arrival, {
      service: target.service,
      instance: pool.instance,
      nth: this.count,
    });
    const attempt = new UpstreamTry(this, target, pool, nowMs, span);
    this.#current = attempt;
    this.dueAtMs = nowMs + this.#tryMs;
    deadlines.add(this);
    try {
      this.#outgoing.send(attempt, pool, leftMs, span?.traceparent ?? arrival.traceparent);
    } catch (error) {
      attempt.onResponseError(undefined, error as Error);
    }
  }

  #tooLarge(limitBytes: number): void {
    this.#current?.abandon('unknown');
    if (this.#answered) this.owner.onCut('BODY_TOO_LARGE');
    else this.owner.onFailed(errors.bodyTooLarge(limitBytes));
  }

  /** Sends the request to another instance when that is safe; false when the failure stands. */
  #tryAnother(attempt: UpstreamTry, failure: TryFailure): boolean {
    this.parts.deadlines.delete(this);
    const target = this.#target;
    const { arrival, head, match } = this.parts;
    const { route, retryMethods } = match.compiled;
    const nowMs = performance.now();
    const allowed = mayRetry({
      failure,
      repeatable: retryMethods.has(arrival.method),
      hasBody: head.hasBody,
      sent: attempt.sent,
      tries: this.count,
      maxTries: route.tries,
      leftMs: this.#leftMs(nowMs),
    });
    if (!target || !allowed || this.owner.isOver || this.#outgoing.hasBegun) return false;
    this.#tried ??= new Set();
    this.#tried.add(attempt.pool.instance.id);
    // A connection that was closed while idle says little of its instance: it may be asked again.
    const next = this.#choose(target, this.#tried) ?? (failure === 'reset' ? this.#choose(target) : undefined);
    if (!next || !match.compiled.budgetOf(target).spend()) return false;
    this.#try(target, next, nowMs);
    return true;
  }

  #leftMs(nowMs: number): number {
    return this.limitMs - (nowMs - this.parts.arrival.startedAtMs);
  }

  #timedOut(): RookeryError {
    const service = this.#target?.service ?? this.parts.match.service;
    return errors.upstreamTimeout(service, performance.now() - this.parts.arrival.startedAtMs);
  }
}
