import { request as httpRequest } from 'node:http';
import { createLogger, RookeryError } from '@rookery/observability';
import type { VerifiedToken } from '@rookery/security';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../testing/parse-settings.ts';
import { type Rig, startRig } from '../testing/rig.ts';
import { adminGuard } from './admin-guard.ts';
import { AdminServer, adminAddress } from './admin-server.ts';
import { changes } from './live-events.ts';
import { adminPages } from './pages.ts';
import { ResiliencePages } from './resilience/resilience-pages.ts';

const tokenOf = (permissions: string[]): VerifiedToken => ({
  principal: { subject: 'ada', roles: [], permissions },
  clientId: undefined,
  expiresAtMs: Number.MAX_SAFE_INTEGER,
  accessToken: 't',
  tokenId: undefined,
  issuedAtMs: 0,
});

async function verify(token: string): Promise<VerifiedToken> {
  if (token === 'admin') return tokenOf(['gateway:*']);
  if (token === 'other') return tokenOf(['orders:read']);
  throw new RookeryError('TOKEN_REFUSED', 'no', { status: 401 });
}

let rig: Rig;
let admin: AdminServer;
let resilience: ResiliencePages;

beforeEach(async () => {
  const secret = { name: 'request-headers', set: { 'x-key': 'swordfish' } };
  rig = await startRig({
    routes: [
      {
        id: 'films',
        path: '/films/**',
        service: 'catalog',
        filters: [secret],
        when: { headers: { 'x-key': 'herring' } },
      },
      {
        id: 'rest',
        path: '/**',
        service: 'catalog',
        breaker: { consecutive: 2 },
        filters: [{ name: 'concurrency-limit' }, { name: 'rate-limit', key: 'ip', perSecond: 1_000 }],
      },
    ],
  });
  const { port } = await rig.upstream((_request, response) => void response.end('{}'));
  rig.registry.set('catalog', port);
  admin = await AdminServer.listen({ host: '127.0.0.1', port: 0, otherwiseAny: false });
  const refused = { source: 'spec', version: 7, reason: 'routes.1.path: wrong', at: 'now' };
  const { gateway, metrics } = rig;
  resilience = new ResiliencePages(gateway, createLogger({ service: 'gateway', level: 'silent' }));
  const parts = { gateway, metrics, settings: { version: 6, refused }, resilience: resilience.pages };
  admin.serve(adminPages(parts), adminGuard(verify));
});
afterEach(async () => {
  await resilience.close();
  await admin.close();
  await rig.close();
});

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`http://127.0.0.1:${admin.port}${path}`, { headers });
  return { status: response.status, text: await response.text() };
};
const json = async (path: string) => JSON.parse((await get(path)).text);

describe('administrators see', () => {
  it('the routes in the order in which they are asked, and the change that was refused', async () => {
    expect(await json('/admin/routes')).toMatchObject({
      version: 6,
      refused: { version: 7, reason: 'routes.1.path: wrong' },
      routes: [
        { id: 'films', filters: ['request-headers'] },
        { id: 'rest', filters: ['rate-limit', 'concurrency-limit'] },
      ],
    });
  });

  it('instances, breakers and limits', async () => {
    await (await fetch(`${rig.url}/x`)).text();
    expect(await json('/admin/instances')).toMatchObject({
      services: [{ service: 'catalog', open: true, instances: [{ address: '127.0.0.1', tls: false, inFlight: 0 }] }],
    });
    expect(await json('/admin/breakers')).toMatchObject({
      services: [{ service: 'catalog', state: 'closed' }],
      routes: [{ route: 'rest', service: 'catalog', state: 'closed', retryAfterMs: 0 }],
    });
    expect(await json('/admin/limits')).toMatchObject({
      inFlight: 0,
      draining: false,
      maxHeaders: 100,
      filters: [
        { route: 'rest', filter: 'rate-limit', limit: expect.stringContaining('1000') },
        { route: 'rest', filter: 'concurrency-limit', services: { catalog: { inFlight: 0 } } },
      ],
    });
  });

  it('what cannot be shown of resources: instances that answer something else, or not at all', async () => {
    const deaf = await rig.upstream(() => {});
    const old = await rig.upstream((_request, response) => void response.writeHead(404).end());
    rig.registry.set('deaf', deaf.port);
    rig.registry.set('old', old.port);
    await (await fetch(`${rig.url}/x`)).text();
    const { missing, resources } = await json('/admin/resilience');
    expect(missing.map(({ service, state }: Record<string, string>) => [service, state]).sort()).toEqual([
      ['catalog', 'unreadable'],
      ['deaf', 'unreachable'],
      ['old', 'none'],
    ]);
    expect(resources).toContainEqual(
      expect.objectContaining({ service: 'gateway', resource: 'route:rest', circuits: [expect.anything()] }),
    );
  });

  it('nothing that may be secret', async () => {
    const { pages } = await json('/admin');
    for (const path of pages.filter((page: string) => !page.endsWith('/live'))) {
      const { status, text } = await get(path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/swordfish|herring/);
    }
  });

  it('what happens now, second by second, until they leave', async () => {
    const abort = new AbortController();
    const response = await fetch(`http://127.0.0.1:${admin.port}/admin/live`, { signal: abort.signal });
    const events = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    const next = async () => JSON.parse(String((await events.read()).value).replace('data: ', ''));
    expect(await next()).toMatchObject({ inFlight: 0, routes: [] });
    await (await fetch(`${rig.url}/x`)).text();
    expect(await next()).toMatchObject({ routes: [{ route: 'rest', errors: 0, refused: 0 }] });
    abort.abort();
  });

  it('rate, errors, refusals and mean duration between two readings', () => {
    const reading = (requests: number, errors: number, refused: number, sumMs: number) =>
      new Map([['a', { requests, errors, refused, slow: 0, sumMs }]]);
    expect(changes(reading(10, 1, 1, 50), reading(30, 2, 4, 150), 2_000)).toEqual([
      { route: 'a', perSecond: 10, errors: 1, refused: 3, meanMs: 5 },
    ]);
    expect(changes(reading(10, 1, 1, 50), reading(10, 1, 1, 50), 1_000)).toEqual([]);
  });
});

describe('the port', () => {
  it('is not that of the gateway: its clients reach neither pages nor metrics', async () => {
    const [pages, metrics] = await Promise.all([fetch(`${rig.url}/admin/routes`), fetch(`${rig.url}/metrics`)]);
    await Promise.all([pages.text(), metrics.text()]);
    expect(rig.log.filter(({ path }) => path === '/metrics').every(({ route }) => route === 'rest')).toBe(true);
    expect((await get('/metrics')).text).toContain(
      'gateway_requests_total{route="rest",upstream="catalog",status="200",service="gateway"} 2',
    );
  });

  it.each<[string, Record<string, string>, number]>([
    ['passed on by a proxy, without a token', { 'x-forwarded-for': '203.0.113.7' }, 401],
    ['with a token that is not genuine', { 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer forged' }, 401],
    ['with a token for something else', { forwarded: 'for=1', authorization: 'Bearer other' }, 403],
    ['with a token of an administrator', { 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer admin' }, 200],
  ])('from elsewhere %s is answered as it should be', async (_name, headers, status) => {
    expect((await get('/admin/routes', headers)).status).toBe(status);
    expect((await get('/metrics', headers)).status).toBe(200);
  });

  it('says which permission it wants of who comes from elsewhere without a token', async () => {
    const { text } = await get('/admin/routes', { 'x-forwarded-for': '203.0.113.7' });
    expect(JSON.parse(text)).toMatchObject({
      code: 'TOKEN_MISSING',
      detail: expect.stringContaining('gateway:admin'),
    });
  });

  it('takes no name that a web page could have pointed at it, no path that is not there, no other method', async () => {
    const rebound = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' };
      httpRequest({ port: admin.port, path: '/admin/routes', headers }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });
    const posted = await fetch(`http://127.0.0.1:${admin.port}/admin/routes`, { method: 'POST' });
    expect([rebound, (await get('/admin/keys')).status, posted.status]).toEqual([403, 404, 405]);
  });

  it('is another one where the usual one is taken, unless it was asked for', async () => {
    const taken = { host: '127.0.0.1', port: admin.port };
    const other = await AdminServer.listen({ ...taken, otherwiseAny: true });
    expect(other.port).not.toBe(admin.port);
    await other.close();
    await expect(AdminServer.listen({ ...taken, otherwiseAny: false })).rejects.toThrow('cannot be had');
    expect(adminAddress({})).toEqual({ host: '127.0.0.1', port: 8_081, otherwiseAny: true });
    expect(adminAddress({ GATEWAY_ADMIN_HOST: '0.0.0.0', GATEWAY_ADMIN_PORT: '9' })).toMatchObject({
      port: 9,
      otherwiseAny: false,
    });
    expect(() => adminAddress({ GATEWAY_ADMIN_PORT: 'x' })).toThrow('GATEWAY_ADMIN_PORT');
  });
});

it('a body that is too long counts for its route, and the filters see the refusal', async () => {
  const big = { id: 'big', path: '/big', service: 'catalog', bodyLimitBytes: 3 };
  const filtered = {
    ...big,
    id: 'seen',
    path: '/seen',
    filters: [{ name: 'response-headers', set: { 'x-seen': '1' } }],
  };
  rig.gateway.apply(parseSettings({ routes: [big, filtered] }));
  for (const path of ['/big', '/seen']) {
    const response = await fetch(rig.url + path, { method: 'POST', body: '1234' });
    await response.text();
    expect([response.status, response.headers.get('x-refused-by')]).toEqual([413, 'body-limit']);
    expect(response.headers.get('x-seen')).toBe(path === '/seen' ? '1' : null);
  }
  await rig.gateway.close();
  expect(rig.log.map(({ route }) => route)).toEqual(['big', 'seen']);
});

it('a refusal says who refused: in a header, in the log, in the metrics', async () => {
  const response = await fetch(`${rig.url}/x`, { headers: { 'x-request-timeout-ms': '0' } });
  await response.text();
  await rig.gateway.close();
  expect([response.status, response.headers.get('x-refused-by')]).toEqual([504, 'deadline']);
  expect(rig.log.at(-1)).toMatchObject({ code: 'UPSTREAM_TIMEOUT', refusedBy: 'deadline' });
  expect((await get('/metrics')).text).toContain(
    'gateway_refusals_total{route="rest",filter="deadline",code="UPSTREAM_TIMEOUT",service="gateway"} 1',
  );
});
