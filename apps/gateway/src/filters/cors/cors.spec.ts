import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../../testing/rig.ts';
import { originMatcher } from './origins.ts';

let rig: Rig;
let reached: number;
afterEach(() => rig?.close());

async function open(settings: Record<string, unknown>): Promise<void> {
  reached = 0;
  rig = await startRig({
    routes: [
      {
        id: 'all',
        path: '/api/**',
        service: 'catalog',
        filters: [
          { name: 'cors', ...settings },
          { name: 'auth', mode: 'required', issuer: 'http://127.0.0.1:9/auth' },
        ],
      },
      { id: 'open', path: '/open/**', service: 'catalog', filters: [{ name: 'cors', ...settings }] },
    ],
  });
  const { port } = await rig.upstream((_request, response) => {
    reached++;
    response.writeHead(200, { 'access-control-allow-origin': '*', vary: 'accept' }).end('films');
  });
  rig.registry.set('catalog', port);
}

async function ask(path: string, headers: Record<string, string>, method: 'GET' | 'OPTIONS' = 'GET') {
  const response = await request(`${rig.url}${path}`, { method, headers });
  await response.body.dump();
  return { status: response.statusCode, headers: response.headers };
}
const preflight = (more: Record<string, string>) =>
  ask('/api/films', { origin: 'https://shop.example', 'access-control-request-method': 'PUT', ...more }, 'OPTIONS');

const SHOP = { origins: ['https://shop.example'], credentials: true, exposeHeaders: ['x-total'] };

describe('a page of a site that may call', () => {
  it('gets its preflight answered, without a token and without the service', async () => {
    await open(SHOP);
    expect(await preflight({ 'access-control-request-headers': 'Authorization, content-type' })).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': 'https://shop.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': '600',
        vary: 'origin, access-control-request-method, access-control-request-headers',
      },
    });
    expect(reached).toBe(0);
  });

  it('may read answers, refusals included', async () => {
    await open(SHOP);
    const refused = await ask('/api/films', { origin: 'https://shop.example' });
    expect(refused).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': 'https://shop.example' } });
    const { headers } = await ask('/open/films', { origin: 'https://shop.example' });
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.example',
      'access-control-expose-headers': 'x-total',
      vary: 'accept, origin',
    });
  });
});

describe('a page of another site', () => {
  it('gets its preflight refused, and is not told that it may read', async () => {
    await open(SHOP);
    const origin = 'https://evil.example';
    expect(await preflight({ origin })).toMatchObject({ status: 403, headers: { 'x-refused-by': 'cors' } });
    const { headers } = await ask('/open/films', { origin });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers.vary).toBe('accept, origin');
  });
});

it('methods and headers that are not named are refused', async () => {
  await open(SHOP);
  expect(await preflight({ 'access-control-request-method': 'TRACE' })).toMatchObject({ status: 403 });
  expect(await preflight({ 'access-control-request-headers': 'x-other' })).toMatchObject({ status: 403 });
});

it('all may call where all are named, without cookies', async () => {
  await open({ origins: ['*'] });
  const { headers } = await ask('/open/films', { origin: 'https://any.example' });
  expect(headers).toMatchObject({ 'access-control-allow-origin': '*', vary: 'accept' });
  expect(headers).not.toHaveProperty('access-control-allow-credentials');
  await expect(open({ origins: ['*'], credentials: true })).rejects.toThrow(/origins/);
});

it.each([
  ['https://shop.example', true],
  ['https://a.parts.example', true],
  ['https://a.b.parts.example', true],
  ['https://parts.example', false],
  ['https://evilparts.example', false],
  ['https://evil.example/.parts.example', false],
  ['http://a.parts.example', false],
  ['https://shop.example.evil', false],
  ['null', false],
])('%s is one of them: %s', (origin, isOne) => {
  expect(originMatcher(['https://shop.example', 'https://*.parts.example'])(origin)).toBe(isOne);
});
