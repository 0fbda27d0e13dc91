import type { Duplex } from 'node:stream';
import { RookeryError, within } from '@rookery/observability';
import { recordOf } from '../../request/flat-headers.ts';
import type { Call, Filter, FilterKind, FilterParts, Verdict } from '../filter.ts';
import { API_KEY_NOTE } from '../rate-limit/rate-key.ts';
import { ByteBoundedStore } from './byte-bounded-store.ts';
import { directivesOf } from './cache-control.ts';
import { Flights } from './flights.ts';
import { Recorder } from './recorder.ts';
import { Revalidations } from './revalidations.ts';
import { targetAtSameOrigin } from './same-origin.ts';
import { ResponseCacheSettings } from './settings.ts';
import {
  fits,
  freshness,
  type Headers,
  headersOf,
  isNotModified,
  mayStandIn,
  policyOf,
  type StoredResponse,
  storedResponse,
} from './stored-response.ts';

const NOTE = 'response-cache';
/** A request with one of these asks for something that is not kept. */
const PASSING = ['range', 'if-match', 'if-unmodified-since', 'if-range'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Those who wait for the first of them go by themselves then. */
const LONGEST_WAIT_MS = 5_000;

/** A request that was not answered from the store. */
interface Missed {
  readonly key: string;
  readonly request: Headers;
  readonly isPersonal: boolean;
  /** Whether others wait for its response. */
  readonly leads: boolean;
  /** What to do with the body of the response, where it is to be kept. */
  keep?: (body: Buffer | undefined) => void;
}

/** A shared cache (RFC 9111) with stale-while-revalidate and stale-if-error (RFC 5861): a GET is fetched once for all. */
class ResponseCache implements Filter {
  readonly name = 'response-cache';
  readonly #settings: ResponseCacheSettings;
  readonly #routeId: string;
  readonly #store: ByteBoundedStore;
  readonly #flights: Flights;
  readonly #revalidations: Revalidations;

  constructor(settings: ResponseCacheSettings, { route, shared, targets, clock }: FilterParts) {
    this.#settings = settings;
    this.#routeId = route.id;
    this.#store = shared.of(`response-cache:${settings.maxBytes}`, () => new ByteBoundedStore(settings.maxBytes));
    this.#flights = new Flights(clock);
    this.#revalidations = new Revalidations(settings, this.#store, targets);
  }

  onRequest(call: Call): Verdict | Promise<Verdict> {
    if (call.method !== 'GET' && call.method !== 'HEAD') return undefined;
    const request = recordOf(call.headers);
    if (PASSING.some((name) => request[name] !== undefined) || call.request.headers.upgrade !== undefined)
      return undefined;
    return this.#serve(call, this.#keyOf(call), request, performance.now() + LONGEST_WAIT_MS);
  }

  onResponse(call: Call): void {
    const missed = call.notes.get(NOTE) as Missed | undefined;
    if (call.source === 'upstream') {
      if (!SAFE.has(call.method)) this.#invalidate(call);
      if (missed) this.#weigh(call, missed);
    } else if (missed?.leads) {
      this.#flights.endNotKept(missed.key);
    }
  }

  responseBody(call: Call): Duplex | undefined {
    const { keep } = (call.notes.get(NOTE) as Missed | undefined) ?? {};
    return keep && new Recorder(this.#settings.maxEntryBytes, keep);
  }

  state(): Record<string, unknown> {
    return { bytes: this.#store.bytes, maxBytes: this.#settings.maxBytes };
  }

  onEnd(call: Call): void {
    const missed = call.notes.get(NOTE) as Missed | undefined;
    if (missed?.leads) this.#flights.end(missed.key);
  }

  #serve(call: Call, key: string, request: Headers, untilMs: number): Verdict | Promise<Verdict> {
    const isPersonal = request.authorization !== undefined || call.notes.has(API_KEY_NOTE);
    const stored = this.#store.get(key).find((one) => fits(one, this.#routeId, request, isPersonal));
    if (stored) {
      switch (freshness(stored, request)) {
        case 'fresh':
          return answer(call, request, stored, 'HIT');
        case 'stale-while-revalidate':
          this.#revalidations.begin(key, stored, call).catch(() => {});
          return answer(call, request, stored, 'STALE');
        case 'stale':
          return this.#revalidate(call, stored, { key, request, isPersonal, leads: false });
      }
    }
    if (directivesOf(request['cache-control']).has('only-if-cached'))
      return new RookeryError('NOT_CACHED', 'This is not in the cache, and nothing else was asked for.', {
        status: 504,
      });
    return this.#miss(call, { key, request, isPersonal, leads: false }, untilMs);
  }

  /** Waits for the first who asks for the same, or goes upstream. */
  #miss(call: Call, missed: Missed, untilMs: number): Verdict | Promise<Verdict> {
    const { key, request, isPersonal } = missed;
    const isConditional = request['if-none-match'] !== undefined || request['if-modified-since'] !== undefined;
    const shares = call.method === 'GET' && !isPersonal && !isConditional && this.#flights.mayBegin(key);
    const running = shares ? this.#flights.of(key) : undefined;
    const waitMs = untilMs - performance.now();
    if (running && waitMs > 0) return within(running, waitMs).then(() => this.#serve(call, key, request, untilMs));
    const leads = shares && !running;
    if (leads) this.#flights.begin(key);
    call.notes.set(NOTE, { ...missed, leads });
    return undefined;
  }

  async #revalidate(call: Call, stored: StoredResponse, missed: Missed): Promise<Verdict> {
    const { key, request, isPersonal } = missed;
    let checked: StoredResponse | 'not kept';
    try {
      checked = await this.#revalidations.begin(key, stored, call);
    } catch {
      return mayStandIn(stored, this.#settings)
        ? answer(call, request, stored, 'STALE')
        : this.#miss(call, missed, Number.NEGATIVE_INFINITY);
    }
    return checked !== 'not kept' && fits(checked, this.#routeId, request, isPersonal)
      ? answer(call, request, checked, 'REVALIDATED')
      : this.#miss(call, missed, Number.NEGATIVE_INFINITY);
  }

  /** Whether a response is kept, and what those who wait for it are told. */
  #weigh(call: Call, missed: Missed): void {
    const { key, request, isPersonal, leads } = missed;
    call.setResponseHeader('x-cache', 'MISS');
    if (call.method !== 'GET') return;
    const headers = recordOf(call.responseHeaders);
    const { maxEntryBytes } = this.#settings;
    const facts = { request, status: call.status, headers, isPersonal };
    const fitsIn = call.status !== 204 && Number(headers['content-length'] ?? 0) <= maxEntryBytes;
    const policy = fitsIn ? policyOf(facts, this.#settings) : undefined;
    if (!policy) {
      // A 304 answers what this client has; it says nothing of what another would get.
      if (leads && call.status !== 304) this.#flights.endNotKept(key);
      return;
    }
    const origin = this.#revalidations.originOf(call);
    missed.keep = (body) => {
      if (body)
        this.#store.put(key, storedResponse(facts, policy, body, origin), (other) =>
          fits(other, this.#routeId, request, false),
        );
      if (leads) this.#flights[body ? 'end' : 'endNotKept'](key);
    };
  }

  /** What was changed is not given out any more (RFC 9111, 4.4), by whichever route it was asked for. */
  #invalidate(call: Call): void {
    if (call.status < 200 || call.status >= 400) return;
    this.#store.delete(this.#keyOf(call));
    for (const name of ['location', 'content-location']) {
      const named = call.responseHeader(name);
      const target = named && targetAtSameOrigin(named, call);
      if (target) this.#store.delete(keyAt(call.host, target));
    }
  }

  #keyOf({ host, path, query }: Call): string {
    return keyAt(host, query === '' ? path : `${path}?${query}`);
  }
}

const keyAt = (host: string, target: string): string => `${host.toLowerCase()} ${target}`;

function answer(call: Call, request: Headers, stored: StoredResponse, cache: 'HIT' | 'STALE' | 'REVALIDATED'): Verdict {
  const headers = headersOf(stored, cache);
  if (isNotModified(stored, request)) call.answer(304, headers);
  else call.answer(stored.status, headers, stored.body);
  return 'answered';
}

export const responseCache: FilterKind<ResponseCacheSettings> = {
  name: 'response-cache',
  schema: ResponseCacheSettings,
  order: 320,
  create: (settings, parts) => new ResponseCache(settings, parts),
};
