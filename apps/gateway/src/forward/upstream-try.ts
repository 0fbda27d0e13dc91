import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { TrySpan } from '../observe/request-spans.ts';
import { type FlatHeaders, flatten } from '../request/flat-headers.ts';
import type { Controller, UpstreamHandler } from '../upstream/http1/request-in-flight.ts';
import type { InstancePool } from '../upstream/instance-pool.ts';
import type { Outcome, Target } from '../upstream/target.ts';

/** As undici gives them. */
export type UpgradeHeaders = Record<string, string | string[] | undefined>;

/** What a try tells the exchange that made it. */
export interface TryListener {
  onHeaders(attempt: UpstreamTry, status: number, headers: FlatHeaders): void;
  onData(attempt: UpstreamTry, chunk: Buffer): void;
  onEnd(attempt: UpstreamTry, trailers: UpgradeHeaders): void;
  /** The instance agreed to another protocol: the socket is the listener's from now on. */
  onUpgrade(attempt: UpstreamTry, status: number, headers: UpgradeHeaders, socket: Duplex): void;
  onError(attempt: UpstreamTry, error: Error): void;
}

const DISCARD_BYTES = 64 * 1024;

/** One request to one instance: handler of our connections, and of undici's for gRPC and for upgrades. After {@link abandon} or {@link discard} the exchange hears nothing more. */
export class UpstreamTry implements UpstreamHandler, Dispatcher.DispatchHandler {
  controller: Controller | undefined;
  /** How the instance did, as far as is known. */
  outcome: Outcome = 'unknown';
  #latencyMs = 0;
  #status = 0;
  #deaf = false;
  #settled = false;
  #discardedBytes = 0;

  constructor(
    private readonly listener: TryListener,
    private readonly target: Target,
    readonly pool: InstancePool,
    private readonly startedAtMs: number,
    /** Where spans are kept. */
    private readonly span: TrySpan | undefined,
  ) {
    target.begin(pool);
  }

  /** Whether a connection was there and the request may have gone out. */
  get sent(): boolean {
    return this.controller !== undefined;
  }

  /** Gives the try up and ends its connection. */
  abandon(outcome: Outcome): void {
    this.outcome = outcome;
    this.#deaf = true;
    this.controller?.abort(new Error('abandoned'));
  }

  /** Lets a response end unheard, so that its connection can be used again; a long one ends with its connection. */
  discard(): void {
    this.outcome = 'unknown';
    this.#deaf = true;
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller;
    if (this.#deaf) controller.abort(new Error('abandoned'));
  }

  onRequestUpgrade(_controller: Controller, status: number, headers: UpgradeHeaders, socket: Duplex): void {
    if (this.#deaf) {
      socket.destroy();
    } else {
      this.#latencyMs = performance.now() - this.startedAtMs;
      this.outcome = 'answered';
      this.#status = status;
      this.listener.onUpgrade(this, status, headers, socket);
    }
    this.#settle();
  }

  onResponseStart(controller: Controller, status: number, headers: UpgradeHeaders): void {
    this.onResponseHead(controller, status, flatten(headers));
  }

  onResponseHead(_controller: Controller, status: number, headers: FlatHeaders): void {
    if (status < 200 || this.#deaf) return;
    this.#latencyMs = performance.now() - this.startedAtMs;
    this.outcome = 'answered';
    this.#status = status;
    this.listener.onHeaders(this, status, headers);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#deaf) {
      this.listener.onData(this, chunk);
      return;
    }
    this.#discardedBytes += chunk.length;
    if (this.#discardedBytes > DISCARD_BYTES) controller.abort(new Error('abandoned'));
  }

  onResponseEnd(_controller: Controller, trailers: UpgradeHeaders): void {
    this.#settle();
    if (!this.#deaf) this.listener.onEnd(this, trailers);
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    if (!this.#deaf) {
      this.#deaf = true;
      this.listener.onError(this, error);
    }
    this.#settle();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.span?.end(this.#status, this.outcome === 'failed');
    this.target.end(this.pool, this.#latencyMs || performance.now() - this.startedAtMs, this.outcome);
  }
}
