import { z } from 'zod';

const SEGMENT = '(?:[A-Za-z0-9._~-]+|\\{[a-zA-Z][a-zA-Z0-9]*\\})';
const PATH = new RegExp(`^(?:/${SEGMENT})*(?:/\\*\\*)?$|^/$`);
const SERVICE = /^(?:[a-z0-9][a-z0-9-]{0,62}|\{[a-zA-Z][a-zA-Z0-9]*\})$/;

/** One way through the gateway. */
export const Route = z
  .strictObject({
    /** Unique; names the route in logs and metrics. */
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    /** Literal segments, `{name}` for one segment, `/**` at the end for any rest, none included. */
    path: z.string().regex(PATH, 'expected a path like /api/{service}/** or /docs'),
    /** A service's name, or `{name}` for the one that the path holds. */
    service: z.string().regex(SERVICE, 'expected a service name or {name}'),
    /** The whole request until the response begins, all tries included. */
    timeoutMs: z.int().min(1).max(600_000).default(30_000),
    /** One try. */
    tryTimeoutMs: z.int().min(1).max(600_000).default(10_000),
    /** Longest silence inside a response body. */
    idleTimeoutMs: z.int().min(1).max(3_600_000).default(300_000),
    /** Tries in all, the first included; only what is safe to repeat is repeated. */
    tries: z.int().min(1).max(5).default(3),
    bodyLimitBytes: z
      .int()
      .min(0)
      .max(2 ** 40)
      .default(10 * 1024 * 1024),
  })
  .superRefine(({ path, service }, context) => {
    if (service.startsWith('{') && !path.split('/').includes(service)) {
      context.addIssue({ code: 'custom', path: ['service'], message: `the path holds no ${service}` });
    }
  });

export type Route = z.infer<typeof Route>;

/** Where services and their documentation answer when nothing else is said. */
export const DEFAULT_ROUTES = [
  { id: 'services', path: '/api/{service}/**', service: '{service}' },
  { id: 'docs', path: '/docs/**', service: 'api-docs' },
  { id: 'pages', path: '/pages/**', service: 'pages' },
  { id: 'auth', path: '/auth/**', service: 'auth' },
] as const;

/** All routes of a gateway. The order does not matter: literal segments win over named ones, longer paths over `**`. */
export const Routes = z
  .array(Route)
  .max(100_000)
  .superRefine((routes, context) => {
    const ids = new Set<string>();
    const paths = new Set<string>();
    for (const [index, { id, path }] of routes.entries()) {
      const shape = path.replace(/\{[^}]*\}/g, '{}');
      if (ids.has(id)) context.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} stands twice` });
      if (paths.has(shape))
        context.addIssue({ code: 'custom', path: [index, 'path'], message: `${path} stands twice` });
      ids.add(id);
      paths.add(shape);
    }
  })
  .prefault(() => DEFAULT_ROUTES.map((route) => ({ ...route })));

export type Routes = z.infer<typeof Routes>;
