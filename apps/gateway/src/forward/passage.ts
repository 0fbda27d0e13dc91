import type { Duplex } from 'node:stream';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { type Chain, through } from '../filters/chain.ts';
import type { Verdict } from '../filters/filter.ts';
import type { RequestBody } from '../request/request-body.ts';
import type { RouteSet } from '../routes/route-set.ts';
import { ActiveCall, type CallOwner } from './call.ts';
import type { ExchangeParts } from './exchange-parts.ts';

/** A call through the filters of its route, in and out again. A filter that throws is a failure of the call, not of the gateway. */
export class Passage {
  readonly call: ActiveCall;
  readonly #chain: Chain;
  readonly #routes: RouteSet;

  constructor({ arrival, head, match, routes }: ExchangeParts, chain: Chain, owner: CallOwner) {
    this.call = new ActiveCall(arrival, head, match, owner);
    this.#chain = chain;
    this.#routes = routes;
    routes.begin();
  }

  /** Name of the filter that saw the request last. */
  get filter(): string {
    return this.#chain.nameAt(this.call.reached);
  }

  /** What the filters say to the request; neither throws nor rejects. */
  enter(): Verdict | Promise<Verdict> {
    try {
      const verdict = this.#chain.request(this.call);
      return verdict instanceof Promise ? verdict.catch((error: unknown) => this.#failure(error)) : verdict;
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** Lets the filters change a response before it goes out; an error where one of them fails. */
  respond(source: 'upstream' | 'gateway', status: number, headers: string[]): RookeryError | undefined {
    const { call } = this;
    call.source = source;
    call.status = status;
    call.responseHeaders = headers;
    try {
      this.#chain.response(call);
      return undefined;
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** What the response's body goes through; undefined where it goes as it is. */
  responseBody(): readonly Duplex[] | undefined {
    return this.#chain.responseBody(this.call);
  }

  /** The request's body as it goes upstream. */
  requestBody(body: RequestBody): RequestBody | AsyncIterable<Buffer> {
    const chain = this.#chain;
    return chain.transformsRequests ? through(body, () => chain.requestBody(this.call)) : body;
  }

  end(): void {
    this.call.end();
    this.#chain.end(this.call);
    this.#routes.end();
  }

  #failure(error: unknown): RookeryError {
    return error instanceof RookeryError ? error : errors.filterFailed(this.filter, error);
  }
}
