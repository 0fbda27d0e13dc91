import { BalanceSettings } from '@rookery/discovery';
import { z } from 'zod';
import { FilterSettings } from '../filters/filter-settings.ts';
import { strictObject } from '../strict-object.ts';
import { atOnce, type Steps } from './steps.ts';
import { MOST_PREDICATES, predicatesIn, When } from './when.ts';

const SEGMENT = '(?:[A-Za-z0-9._~-]+|\\{[a-zA-Z][a-zA-Z0-9]*\\})';
const PATH = new RegExp(`^(?:/${SEGMENT})*(?:/\\*\\*)?$|^/$`);
const SERVICE = /^(?:[a-z0-9][a-z0-9-]{0,62}|\{[a-zA-Z][a-zA-Z0-9]*\})$/;
const MAX_FILTERS = 64;

/** What is tried again, and at whose cost. */
export const RetrySettings = strictObject({
  /** Methods that may be sent twice; only without a body, or while nothing of it was taken. */
  methods: z
    .array(z.enum(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH']))
    .default(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']),
  /** Answers that count as "not now". */
  statuses: z.array(z.union([z.literal(429), z.int().min(500).max(599)])).default([503]),
  /** Retries allowed for each request of this route; without it the service's own budget pays. */
  budget: strictObject({
    ratio: z.number().min(0).max(1).default(0.2),
    burst: z.int().min(1).max(10_000).default(128),
    perSecond: z.number().min(0).max(10_000).default(10),
  }).optional(),
});

export type RetrySettings = z.infer<typeof RetrySettings>;

/** When a route stops calling a service that fails; without it the service's own breaker decides. */
export const BreakerSettings = strictObject({
  consecutive: z.int().min(1).max(10_000).default(50),
  errorPercent: z.number().min(1).max(100).default(50),
  minimumCalls: z.int().min(1).max(10_000).default(20),
  windowMs: z.int().min(100).max(600_000).default(10_000),
  openMs: z.int().min(1).max(600_000).default(1_000),
  maxOpenMs: z.int().min(1).max(3_600_000).default(10_000),
});

/** What a route of a gRPC service is when nothing else is said: its calls may stream for long, and much. */
const GRPC_DEFAULTS = { timeoutMs: 600_000, tryTimeoutMs: 600_000, bodyLimitBytes: 2 ** 40 };

/** A route that names a gRPC service leads there by the paths of its methods. */
const withGrpcPath = (input: unknown): unknown => {
  if (typeof input !== 'object' || input === null || !('grpc' in input)) return input;
  return { path: `/${input.grpc}/{method}`, ...GRPC_DEFAULTS, ...input };
};

/** One way through the gateway, all of it written out. */
const WholeRoute = strictObject({
  /** Unique; names the route in logs and metrics. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** Literal segments, `{name}` for one segment, `/**` at the end for any rest, none included. */
  path: z.string().regex(PATH, 'expected a path like /api/{service}/** or /docs'),
  /** A service's name, or `{name}` for the one that the path holds; left out where a filter answers by itself. */
  service: z.string().regex(SERVICE, 'expected a service name or {name}').optional(),
  /** A gRPC service, `package.Service`: its calls go to the gRPC port of `service`, by HTTP/2 and with their trailers. */
  grpc: z
    .string()
    .regex(/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/, 'expected a gRPC service like package.Service')
    .optional(),
  /** What a request must be beside its path. */
  when: When.optional(),
  /** Among routes of one path the higher is asked first; then the one that wants more; then the one that stands first. */
  priority: z.int().min(-1_000).max(1_000).default(0),
  /** What happens to a request and its response on the way, each named; they run in the order of their kinds. */
  filters: z.array(FilterSettings).max(MAX_FILTERS).default([]),
  /** The whole request until the response begins, all tries included. */
  timeoutMs: z.int().min(1).max(600_000).default(30_000),
  /** One try. */
  tryTimeoutMs: z.int().min(1).max(600_000).default(10_000),
  /** Longest silence inside a response body. */
  idleTimeoutMs: z.int().min(1).max(3_600_000).default(300_000),
  /** Tries in all, the first included; only what is safe to repeat is repeated. */
  tries: z.int().min(1).max(5).default(3),
  retry: RetrySettings.optional(),
  /** How an instance is chosen; as its service is balanced otherwise when not given. */
  balance: BalanceSettings.optional(),
  breaker: BreakerSettings.optional(),
  bodyLimitBytes: z
    .int()
    .min(0)
    .max(2 ** 40)
    .default(10 * 1024 * 1024),
}).superRefine(({ path, service, when, filters }, context) => {
  const segments = path.split('/');
  const issue = (at: (string | number)[], message: string) => context.addIssue({ code: 'custom', path: at, message });
  if (service?.startsWith('{') && !segments.includes(service)) issue(['service'], `the path holds no ${service}`);
  if (service === undefined && filters.length === 0) issue(['service'], 'expected a service, or a filter that answers');
  const names = segments.filter((segment) => segment.startsWith('{'));
  if (new Set(names).size < names.length) issue(['path'], 'a name stands twice in the path');
  if (when && predicatesIn(when) > MOST_PREDICATES) issue(['when'], `expected at most ${MOST_PREDICATES} conditions`);
  if (when?.after && when.before && Date.parse(when.after) >= Date.parse(when.before))
    issue(['when', 'before'], 'expected a time later than after');
});

/** One way through the gateway. */
export const Route = z.preprocess(withGrpcPath, WholeRoute);

export type Route = z.infer<typeof WholeRoute>;

/** Where services and their documentation answer when nothing else is said. */
export const DEFAULT_ROUTES = [
  { id: 'services', path: '/api/{service}/**', service: '{service}' },
  { id: 'docs', path: '/docs/**', service: 'api-docs' },
  { id: 'pages', path: '/pages/**', service: 'pages' },
  { id: 'auth', path: '/auth/**', service: 'auth' },
] as const;

export const MAX_ROUTES = 100_000;

/** An id names one route, and of those that ask nothing but a path each has one of its own. */
export function* withoutDoubles(routes: readonly Route[], context: z.core.$RefinementCtx<Route[]>): Steps<void> {
  const ids = new Set<string>();
  const unconditional = new Set<string>();
  for (const [index, { id, path, when }] of routes.entries()) {
    yield;
    if (ids.has(id)) context.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} stands twice` });
    ids.add(id);
    if (when && predicatesIn(when) > 0) continue;
    const shape = path.replace(/\{[^}]*\}/g, '{}');
    if (unconditional.has(shape))
      context.addIssue({ code: 'custom', path: [index, 'path'], message: `${path} stands twice without conditions` });
    unconditional.add(shape);
  }
}

/** All routes of a gateway. Literal segments win over named ones, longer paths over `**`, whatever the order. */
export const Routes = z
  .array(Route)
  .max(MAX_ROUTES)
  .superRefine((routes, context) => atOnce(withoutDoubles(routes, context)))
  .prefault(() => DEFAULT_ROUTES.map((route) => ({ ...route })));

export type Routes = z.infer<typeof Routes>;
