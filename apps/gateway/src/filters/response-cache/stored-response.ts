import CachePolicy from 'http-cache-semantics';
import { directivesOf, requestControl, responseControl, type StaleDefaults } from './cache-control.ts';

export type Headers = Readonly<Record<string, string>>;

/** A response that may be given again, with all that decides when. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly policy: CachePolicy;
  /** Request headers that the response was chosen by. */
  readonly variant: Headers;
  /** Whether it may answer a request that says who asks. */
  readonly isPublic: boolean;
  /** How it is asked for again: at this service, by this path and with these headers. */
  readonly origin: Origin;
  readonly bytes: number;
}

export interface Origin {
  /** Id of the route that it came by: another one may lead elsewhere. */
  readonly route: string;
  readonly service: string;
  readonly path: string;
  readonly headers: readonly string[];
}

/** Beside body and headers, roughly. */
const ENTRY_BYTES = 1_024;
/** Of one connection or one exchange, or made anew each time. */
const NOT_KEPT = new Set([
  'age',
  'connection',
  'content-length',
  'x-cache',
  'x-request-id',
  'keep-alive',
  'transfer-encoding',
]);
/** A 304 says nothing of these. */
const NOT_UPDATED = new Set([...NOT_KEPT, 'content-encoding', 'content-range', 'content-type']);

export interface Storable {
  readonly request: Headers;
  readonly status: number;
  readonly headers: Headers;
  readonly isPersonal: boolean;
}

/** The rules for a response (RFC 9111, 3); undefined where it must not be kept. */
export function policyOf(
  { request, status, headers, isPersonal }: Storable,
  defaults: StaleDefaults,
): CachePolicy | undefined {
  if (headers['set-cookie'] !== undefined || headers['content-type']?.startsWith('text/event-stream')) return undefined;
  const directives = directivesOf(headers['cache-control']);
  if (isPersonal && !saysPublic(directives)) return undefined;
  const policy = new CachePolicy(
    { method: 'GET', url: '', headers: withoutHost(request) },
    { status, headers: { ...headers, 'cache-control': responseControl(headers['cache-control'], defaults) } },
    // Only what the service says counts: nothing is guessed from a date.
    { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 },
  );
  return policy.storable() && policy.timeToLive() > 0 ? policy : undefined;
}

export function storedResponse(
  { request, status, headers }: Storable,
  policy: CachePolicy,
  body: Buffer,
  origin: Origin,
): StoredResponse {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_KEPT.has(name)));
  const text = JSON.stringify([kept, origin]).length * 2;
  return {
    status,
    headers: kept,
    body,
    policy,
    variant: variantOf(kept.vary, request),
    isPublic: saysPublic(directivesOf(headers['cache-control'])),
    origin,
    bytes: body.length + text + ENTRY_BYTES,
  };
}

/** The stored response after its service said that it still holds. Undefined where it meant another one. */
export function refreshed(
  stored: StoredResponse,
  request: Headers,
  update: Headers,
  defaults: StaleDefaults,
): StoredResponse | undefined {
  const { etag } = stored.headers;
  if (update.etag !== undefined && etag !== undefined && weak(update.etag) !== weak(etag)) return undefined;
  const headers = {
    ...stored.headers,
    ...Object.fromEntries(Object.entries(update).filter(([name]) => !NOT_UPDATED.has(name))),
    ...(update.age !== undefined && { age: update.age }),
  };
  const facts = { request, status: stored.status, headers, isPersonal: false };
  const policy = policyOf(facts, defaults);
  return policy && storedResponse(facts, policy, stored.body, stored.origin);
}

/** Whether a stored response came by that route, and was chosen by what this request says too. */
export const fits = (
  { origin, variant, isPublic }: StoredResponse,
  route: string,
  request: Headers,
  isPersonal: boolean,
): boolean =>
  origin.route === route &&
  (isPublic || !isPersonal) &&
  Object.entries(variant).every(([name, value]) => headerIn(request, name) === value);

export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale';

/** What a stored response is worth to a request that it fits. */
export function freshness({ policy }: StoredResponse, request: Headers): Freshness {
  const headers = { ...withoutHost(request), 'cache-control': requestControl(request['cache-control']) };
  const { response, revalidation } = policy.evaluateRequest({ method: 'GET', url: '', headers: { ...headers } });
  if (!response) return 'stale';
  return revalidation ? 'stale-while-revalidate' : 'fresh';
}

/** Whether it may be given out because its service fails. */
export function mayStandIn({ policy, headers }: StoredResponse, defaults: StaleDefaults): boolean {
  const control = directivesOf(responseControl(headers['cache-control'], defaults));
  const seconds = Number(control.get('stale-if-error') ?? 0);
  return seconds > 0 && policy.age() < policy.maxAge() + seconds;
}

/** Headers as they go out: with the age, and where it comes from. */
export function headersOf({ headers, policy }: StoredResponse, cache: 'HIT' | 'STALE' | 'REVALIDATED'): string[] {
  const flat = Object.entries(headers).flat();
  flat.push('age', String(Math.floor(policy.age())), 'x-cache', cache);
  return flat;
}

/** Whether the client has this response already (RFC 9110, 13). */
export function isNotModified({ headers, status }: StoredResponse, request: Headers): boolean {
  if (status !== 200) return false;
  const given = request['if-none-match'];
  if (given !== undefined) {
    const { etag } = headers;
    return given.trim() === '*' || (etag !== undefined && given.split(',').some((one) => weak(one) === weak(etag)));
  }
  const since = Date.parse(request['if-modified-since'] ?? '');
  return Date.parse(headers['last-modified'] ?? '') <= since;
}

const weak = (etag: string): string => etag.trim().replace(/^W\//, '');

const saysPublic = (directives: ReadonlyMap<string, unknown>): boolean =>
  directives.has('public') || directives.has('s-maxage');

function variantOf(vary: string | undefined, request: Headers): Headers {
  const names = (vary ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return Object.fromEntries(names.map((name) => [name, headerIn(request, name)]));
}

/** Its own: a record inherits a `constructor`. */
const headerIn = (headers: Headers, name: string): string =>
  Object.hasOwn(headers, name) ? (headers[name] ?? '') : '';

function withoutHost({ host: _, ...headers }: Headers): Record<string, string> {
  return headers;
}
