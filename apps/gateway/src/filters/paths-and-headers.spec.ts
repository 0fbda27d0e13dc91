import { afterEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../testing/parse-settings.ts';
import { type Rig, startRig } from '../testing/rig.ts';

let rig: Rig | undefined;
afterEach(() => rig?.close());

interface Seen {
  url: string;
  headers: Record<string, string>;
}

async function ask(route: object, path: string, init: RequestInit = {}) {
  rig = await startRig({ routes: [{ id: 'it', path: '/**', service: 'catalog', ...route }] });
  let seen: Seen | undefined;
  const { port } = await rig.upstream((request, response) => {
    seen = { url: request.url as string, headers: request.headers as Record<string, string> };
    response.setHeader('x-old', 'a');
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end('{}');
  });
  rig.registry.set('catalog', port);
  const response = await fetch(rig.url + path, { redirect: 'manual', ...init });
  const text = await response.text();
  return { response, seen, body: text.startsWith('{') ? JSON.parse(text) : text };
}

describe('the path that goes upstream', () => {
  it.each<[object[], string, string, string]>([
    [[{ name: 'strip-prefix', segments: 1 }], '/**', '/api/films?x=1', '/films?x=1'],
    [[{ name: 'strip-prefix', segments: 2 }], '/**', '/api/films', '/'],
    [[{ name: 'strip-prefix', segments: 5 }], '/**', '/api/films', '/'],
    [[{ name: 'prefix-path', prefix: '/v2' }], '/**', '/films?x=1', '/v2/films?x=1'],
    [
      [{ name: 'set-path', path: '/api/catalog/films/{id}' }],
      '/shop/{id}',
      '/shop/a%20b?x=%2f',
      '/api/catalog/films/a%20b?x=%2f',
    ],
    [
      [{ name: 'rewrite-path', pattern: '^/old/(.*)/(\\d+)$', replacement: '/new/$2/$1' }],
      '/**',
      '/old/a/b/7',
      '/new/7/a/b',
    ],
    [[{ name: 'rewrite-path', pattern: '^/old', replacement: '/new' }], '/**', '/other', '/other'],
    [
      [
        { name: 'strip-prefix', segments: 1 },
        { name: 'prefix-path', prefix: '/v2' },
      ],
      '/**',
      '/api/films',
      '/v2/films',
    ],
    [
      [
        { name: 'prefix-path', prefix: '/v2' },
        { name: 'strip-prefix', segments: 2 },
      ],
      '/**',
      '/api/films',
      '/films',
    ],
  ])('%j on %s: %s becomes %s', async (filters, path, asked, expected) => {
    const { seen } = await ask({ path, filters }, asked);
    expect(seen?.url).toBe(expected);
  });

  it('is refused where a filter makes one of it that servers read differently', async () => {
    const filters = [{ name: 'rewrite-path', pattern: '^/a/(.*)x$', replacement: '/$1/b' }];
    const { response, seen, body } = await ask({ filters }, '/a/..x');
    expect([response.status, body.code, response.headers.get('x-refused-by'), seen]).toEqual([
      400,
      'BAD_TARGET',
      'rewrite-path',
      undefined,
    ]);
  });
});

describe('headers', () => {
  it('of a request are set, added, removed, renamed and filled in', async () => {
    const filter = {
      name: 'request-headers',
      set: { 'x-film': '{id}', 'x-a': 'new' },
      add: { 'x-b': 'two' },
      default: { 'x-b': 'none', 'x-c': 'filled {requestId}' },
      remove: ['x-secret'],
      map: { 'x-from': 'x-to' },
    };
    const headers = { 'x-a': 'old', 'x-b': 'one', 'x-secret': 's', 'x-from': 'f', 'x-request-id': 'r1' };
    const { seen } = await ask({ path: '/films/{id}', filters: [filter] }, '/films/7', { headers });
    expect(seen?.headers).toMatchObject({
      'x-film': '7',
      'x-a': 'new',
      'x-b': 'one, two',
      'x-c': 'filled r1',
      'x-to': 'f',
    });
    expect(seen?.headers).not.toHaveProperty('x-secret');
    expect(seen?.headers).not.toHaveProperty('x-from');
  });

  it('of a response too, also of one that the gateway gives', async () => {
    const filters = [
      { name: 'response-headers', set: { 'x-by': 'gateway' }, remove: ['set-cookie'], map: { 'x-old': 'x-new' } },
    ];
    const { response } = await ask({ filters }, '/films/7');
    expect([response.headers.get('x-by'), response.headers.get('x-new'), response.headers.get('x-old')]).toEqual([
      'gateway',
      'a',
      null,
    ]);
    expect(response.headers.getSetCookie()).toEqual([]);
    await rig?.close();
    const refused = await ask({ filters, service: 'nobody' }, '/films/7');
    expect([refused.body.code, refused.response.headers.get('x-by')]).toEqual(['SERVICE_UNKNOWN', 'gateway']);
  });

  it('a request id travels under another name too, and a client need not be believed', async () => {
    const headers = { 'x-request-id': 'mine', 'x-correlation-id': 'theirs' };
    const taken = await ask({ filters: [{ name: 'request-id', header: 'x-correlation-id' }] }, '/', { headers });
    expect(taken.seen?.headers).toMatchObject({ 'x-request-id': 'theirs', 'x-correlation-id': 'theirs' });
    expect(taken.response.headers.get('x-correlation-id')).toBe('theirs');
    await rig?.close();
    const fresh = await ask({ filters: [{ name: 'request-id', accept: false }] }, '/', { headers });
    expect(fresh.seen?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(fresh.response.headers.get('x-request-id')).toBe(fresh.seen?.headers['x-request-id']);
  });
});

describe('a redirect', () => {
  it('sends the client elsewhere, with what stood in the path and the query', async () => {
    const route = { path: '/old/{id}', service: undefined };
    const { response, seen } = await ask(
      { ...route, filters: [{ name: 'redirect', to: 'https://shop.example/films/{id}', status: 308 }] },
      '/old/7?a=1',
    );
    expect([response.status, response.headers.get('location'), seen]).toEqual([
      308,
      'https://shop.example/films/7?a=1',
      undefined,
    ]);
    expect(rig?.log).toEqual([]);
    await rig?.gateway.close();
    expect(rig?.log.at(-1)).toMatchObject({ status: 308, route: 'it', upstream: 'none' });
  });
});

it.each<[object, string]>([
  [{ name: 'strip-prefix', segments: 0 }, 'routes.0.filters.0.segments'],
  [{ name: 'strip-prefix' }, 'routes.0.filters.0.segments'],
  [{ name: 'set-path', path: '//evil' }, 'routes.0.filters.0.path'],
  [{ name: 'rewrite-path', pattern: '(', replacement: '/' }, 'routes.0.filters.0.pattern'],
  [{ name: 'rewrite-path', pattern: 'a', replacement: '/$1' }, 'routes.0.filters.0.replacement'],
  [{ name: 'request-headers', set: { host: 'x' } }, 'routes.0.filters.0.set'],
  [{ name: 'request-headers', set: { 'x-a': 'b\r\nc: d' } }, 'routes.0.filters.0.set.x-a'],
  [{ name: 'response-headers', add: { 'content-length': '1' } }, 'routes.0.filters.0.add'],
  [{ name: 'redirect', to: '//evil.example/' }, 'routes.0.filters.0.to'],
  [{ name: 'redirect', to: 'https://{host}/' }, 'routes.0.filters.0.to'],
  [{ name: 'no-such' }, 'routes.0.filters.0.name'],
])('%j is refused at %s', (filter, path) => {
  expect(() => parseSettings({ routes: [{ id: 'it', path: '/**', service: 'a', filters: [filter] }] })).toThrow(path);
});
