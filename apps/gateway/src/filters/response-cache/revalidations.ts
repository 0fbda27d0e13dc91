import { TIMEOUT_HEADER } from '@rookery/observability';
import { recordOf } from '../../request/flat-headers.ts';
import type { Targets } from '../../upstream/targets.ts';
import type { Call } from '../filter.ts';
import { askAside } from '../side/ask-aside.ts';
import type { ByteBoundedStore } from './byte-bounded-store.ts';
import type { ResponseCacheSettings } from './settings.ts';
import { fits, type Origin, policyOf, refreshed, type StoredResponse, storedResponse } from './stored-response.ts';

/** Headers that are of one client or one request, and so not kept with a response. */
const OF_ONE_REQUEST = new Set([
  'authorization',
  'cache-control',
  'content-length',
  'content-type',
  'cookie',
  'if-modified-since',
  'if-none-match',
  'pragma',
  'traceparent',
  'tracestate',
  'x-forwarded-for',
  'x-request-id',
  TIMEOUT_HEADER,
]);

/** Asks services whether stale responses still hold, once for all who wait for the same. */
export class Revalidations {
  readonly #settings: ResponseCacheSettings;
  readonly #store: ByteBoundedStore;
  readonly #targets: Targets;
  readonly #running = new Map<StoredResponse, Promise<StoredResponse | 'not kept'>>();

  constructor(settings: ResponseCacheSettings, store: ByteBoundedStore, targets: Targets) {
    this.#settings = settings;
    this.#store = store;
    this.#targets = targets;
  }

  /** How the response to this call is asked for again: as the filters after this one have left it. */
  originOf(call: Call): Origin {
    const headers: string[] = [];
    for (let at = 0; at < call.headers.length; at += 2) {
      const name = call.headers[at] as string;
      if (!OF_ONE_REQUEST.has(name)) headers.push(name, call.headers[at + 1] as string);
    }
    return { route: call.route.id, service: call.service, path: call.target, headers };
  }

  /** The response of now; `not kept` where the service has another that must not be stored. Fails where the service does. */
  begin(key: string, stored: StoredResponse, call: Call): Promise<StoredResponse | 'not kept'> {
    let running = this.#running.get(stored);
    if (!running) {
      running = this.#check(key, stored, call).finally(() => this.#running.delete(stored));
      this.#running.set(stored, running);
    }
    return running;
  }

  async #check(key: string, stored: StoredResponse, call: Call): Promise<StoredResponse | 'not kept'> {
    const { origin } = stored;
    const target = this.#targets.open(origin.service);
    if (!target) throw new Error(`${origin.service} is not registered`);
    const limits = { deadlineMs: this.#settings.revalidateTimeoutMs, maxBodyBytes: this.#settings.maxEntryBytes };
    const headers = [...origin.headers, ...conditions(stored), ...headersOfCaller(call, stored)];
    const {
      status,
      headers: given,
      body,
    } = await askAside(target, { method: 'GET', path: origin.path, headers }, limits);
    if (status >= 500) throw new Error(`${origin.service} answered ${status}`);
    const chosenBy = Object.entries(stored.variant).filter(([, value]) => value !== '');
    const request = { ...recordOf(origin.headers), ...Object.fromEntries(chosenBy) };
    const isPersonal = call.header('authorization') !== undefined;
    const facts = { request, status, headers: given, isPersonal };
    const policy = status === 304 ? undefined : policyOf(facts, this.#settings);
    const current =
      status === 304
        ? refreshed(stored, request, given, this.#settings)
        : policy && storedResponse(facts, policy, body, origin);
    if (current)
      this.#store.put(key, current, (other) => other === stored || fits(other, origin.route, request, false));
    else this.#store.delete(key);
    return current ?? 'not kept';
  }
}

const conditions = ({ headers }: StoredResponse): string[] => [
  ...(headers.etag === undefined ? [] : ['if-none-match', headers.etag]),
  ...(headers['last-modified'] === undefined ? [] : ['if-modified-since', headers['last-modified']]),
];

/** For whom it is asked; what is not public is asked for without a name. */
function headersOfCaller(call: Call, { isPublic }: StoredResponse): string[] {
  const authorization = isPublic ? call.header('authorization') : undefined;
  return [
    ...(authorization === undefined ? [] : ['authorization', authorization]),
    'x-forwarded-for',
    call.clientAddress,
    'x-request-id',
    call.requestId,
    'traceparent',
    call.traceparent,
  ];
}
