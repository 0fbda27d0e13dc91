import { RookeryError } from '@rookery/observability';
import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { Call, Filter, FilterKind, Verdict } from '../filter.ts';
import { isOriginPattern, originMatcher } from './origins.ts';

const Token = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'expected the name of a header or method');

const Settings = strictObject({
  name: z.literal('cors'),
  /** Sites whose pages may call; `https://*.shop.example` for all below one, `*` for all. */
  origins: z
    .array(
      z.string().refine(isOriginPattern, 'expected an origin like https://shop.example, https://*.shop.example or *'),
    )
    .min(1)
    .max(1_000),
  methods: z.array(Token).max(20).default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** Request headers beyond those that browsers send anyway. */
  headers: z.array(Token).max(100).default(['authorization', 'content-type']),
  /** Response headers that a page may read beyond those that it may anyway. */
  exposeHeaders: z.array(Token).max(100).default([]),
  /** Whether pages may send cookies. */
  credentials: z.boolean().default(false),
  /** How long a browser need not ask again. */
  maxAgeSeconds: z.int().min(0).max(86_400).default(600),
}).superRefine(({ origins, credentials }, context) => {
  if (credentials && origins.includes('*'))
    context.addIssue({ code: 'custom', path: ['origins'], message: 'with credentials the origins must be named' });
});

type Settings = z.infer<typeof Settings>;

const PREFLIGHT_VARY = 'origin, access-control-request-method, access-control-request-headers';

/** Which sites' pages may call (Fetch, 3.2). Preflights are answered here, before anybody asks for a token. */
class Cors implements Filter {
  readonly name = 'cors';
  readonly #settings: Settings;
  readonly #allows: (origin: string) => boolean;
  readonly #any: boolean;
  readonly #methods: ReadonlySet<string>;
  readonly #headers: ReadonlySet<string>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#allows = originMatcher(settings.origins);
    this.#any = settings.origins.includes('*');
    this.#methods = new Set(settings.methods.map((method) => method.toUpperCase()));
    this.#headers = new Set(settings.headers.map((name) => name.toLowerCase()));
  }

  onRequest(call: Call): Verdict {
    const method = call.method === 'OPTIONS' ? call.header('access-control-request-method') : undefined;
    const origin = call.header('origin');
    if (method === undefined || origin === undefined) return undefined;
    const asked = (call.header('access-control-request-headers') ?? '').toLowerCase().split(',');
    const missing = asked.map((name) => name.trim()).filter((name) => name !== '' && !this.#headers.has(name));
    if (!this.#allows(origin)) return refused('its origin is not one of those that may call');
    if (!this.#methods.has(method.toUpperCase())) return refused(`the method ${method} is not allowed to it`);
    if (missing.length > 0) return refused(`these headers are not allowed to it: ${missing.join(', ')}`);
    call.answer(204, [
      'access-control-allow-methods',
      [...this.#methods].join(', '),
      'access-control-allow-headers',
      [...this.#headers].join(', '),
      'access-control-max-age',
      String(this.#settings.maxAgeSeconds),
    ]);
    return 'answered';
  }

  onResponse(call: Call): void {
    // What the service says of itself would contradict what is configured here.
    call.removeResponseHeader('access-control-allow-origin');
    call.removeResponseHeader('access-control-allow-credentials');
    const isPreflight = call.method === 'OPTIONS' && call.header('access-control-request-method') !== undefined;
    if (isPreflight) addVary(call, PREFLIGHT_VARY);
    else if (!this.#any) addVary(call, 'origin');
    const origin = call.header('origin');
    if (origin === undefined || !this.#allows(origin)) return;
    const { credentials, exposeHeaders } = this.#settings;
    call.setResponseHeader('access-control-allow-origin', this.#any ? '*' : origin);
    if (credentials) call.setResponseHeader('access-control-allow-credentials', 'true');
    if (exposeHeaders.length > 0 && !isPreflight)
      call.setResponseHeader('access-control-expose-headers', exposeHeaders.join(', '));
  }
}

function addVary(call: Call, names: string): void {
  const vary = call.responseHeader('vary');
  call.setResponseHeader('vary', vary === undefined ? names : `${vary}, ${names}`);
}

const refused = (why: string): RookeryError =>
  new RookeryError('CORS_REFUSED', `The browser may not make this call for the page: ${why}.`, { status: 403 });

export const cors: FilterKind<Settings> = {
  name: 'cors',
  schema: Settings,
  order: 50,
  create: (settings) => new Cors(settings),
};
