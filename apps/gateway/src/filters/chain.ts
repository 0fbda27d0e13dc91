import type { Duplex, Readable } from 'node:stream';
import type { Call, Filter, Verdict } from './filter.ts';
import type { Closable } from './shared.ts';

/** A call as its chain sees it. */
export interface PassingCall extends Call {
  /** Index of the last filter that saw the request; -1 before the first. */
  reached: number;
  /** Whether the exchange is over, so that no further filter is asked. */
  readonly isOver: boolean;
}

export interface ChainParts {
  readonly filters: readonly Filter[];
  /** What they share with the filters of other routes. */
  readonly shared?: readonly Closable[];
  /** Whether one of them is made of files too. */
  readonly readsFiles?: boolean;
  /** Hears of a filter that fails where nobody can be told any more. */
  readonly onFailure?: (filter: string, error: unknown) => void;
}

const NOTHING: readonly Closable[] = [];

/** The filters of one route in their order. */
export class Chain {
  readonly shared: readonly Closable[];
  readonly readsFiles: boolean;
  readonly #filters: readonly Filter[];
  readonly #onFailure: (filter: string, error: unknown) => void;
  #holders = 0;

  constructor({ filters, shared = NOTHING, readsFiles = false, onFailure = () => {} }: ChainParts) {
    this.#filters = filters;
    this.shared = shared.length > 0 ? shared : NOTHING;
    this.readsFiles = readsFiles;
    this.#onFailure = onFailure;
  }

  get filters(): readonly Filter[] {
    return this.#filters;
  }

  /** Whether any of them reads or changes the request's body. */
  get transformsRequests(): boolean {
    return this.#filters.some((filter) => filter.requestBody);
  }

  /** Asks the filters in order; a promise only from the first filter on that must wait. */
  request(call: PassingCall, from = 0): Verdict | Promise<Verdict> {
    const filters = this.#filters;
    for (let at = from; at < filters.length; at++) {
      const filter = filters[at] as Filter;
      call.reached = at;
      if (filter.onRequest === undefined) continue;
      const verdict = filter.onRequest(call);
      if (verdict === undefined) continue;
      return verdict instanceof Promise ? this.#afterWait(verdict, call, at + 1) : verdict;
    }
    return undefined;
  }

  /** Lets all filters that saw the request see its response; `last` is the innermost of them. */
  response(call: PassingCall, last = call.reached): void {
    for (let at = last; at >= 0; at--) this.#filters[at]?.onResponse?.(call);
  }

  /** Transforms of the response's body, in the order in which it goes through them; undefined where there are none. */
  responseBody(call: PassingCall, last = call.reached): Duplex[] | undefined {
    let transforms: Duplex[] | undefined;
    for (let at = last; at >= 0; at--) {
      const transform = this.#filters[at]?.responseBody?.(call);
      if (transform) transforms = [...(transforms ?? []), transform];
    }
    return transforms;
  }

  /** Transforms of the request's body, in the order in which it goes through them. */
  requestBody(call: PassingCall): Duplex[] {
    return this.#filters.map((filter) => filter.requestBody?.(call)).filter((transform) => transform !== undefined);
  }

  /** The name of the filter that saw the request last. */
  nameAt(index: number): string {
    return this.#filters[index]?.name ?? 'gateway';
  }

  /** Tells all filters that saw the request that the exchange is over. */
  end(call: PassingCall): void {
    for (let at = call.reached; at >= 0; at--) {
      try {
        this.#filters[at]?.onEnd?.(call);
      } catch (error) {
        this.#onFailure(this.nameAt(at), error);
      }
    }
  }

  /** One more set of routes has it. */
  hold(): void {
    this.#holders++;
  }

  /** One set of routes less has it: with the last one its filters close. */
  release(): Promise<void> | undefined {
    this.#holders--;
    return this.#holders === 0 ? this.close() : undefined;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#filters.map(async (filter) => filter.close?.()));
  }

  async #afterWait(waiting: Promise<Verdict>, call: PassingCall, next: number): Promise<Verdict> {
    const verdict = await waiting;
    if (verdict !== undefined || call.isOver) return verdict;
    return this.request(call, next);
  }
}

/** A body through its transforms; nothing is read of it before somebody reads the result. */
export async function* through(body: Readable, transforms: () => readonly Duplex[]): AsyncGenerator<Buffer> {
  let last: Readable = body;
  for (const transform of transforms()) {
    const source = last;
    source.once('error', (error) => transform.destroy(error));
    transform.once('close', () => source.destroy());
    last = source.pipe(transform);
  }
  yield* last as AsyncIterable<Buffer>;
}
