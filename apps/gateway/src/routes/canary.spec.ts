import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../testing/rig.ts';

let rig: Rig;

async function start(routes: object[]) {
  rig = await startRig({ routes });
  const answers = (version: string) => rig.upstream((_request, response) => void response.end(version));
  const [old, next] = [await answers('old'), await answers('next')];
  rig.registry.set('orders', old.port);
  rig.registry.set('orders-next', next.port);
}
const ask = async (path = '/api/orders/7', headers: Record<string, string> = {}) =>
  (await fetch(rig.url + path, { headers })).text();
const weighted = (id: string, service: string, share: number, sticky?: object) => ({
  id,
  path: '/api/orders/**',
  service,
  when: { weight: { group: 'orders', share, sticky } },
});

afterEach(() => rig.close());

describe('a canary', () => {
  it.each([
    { sticky: { cookie: 'session' }, client: (at: number) => ({ cookie: `a=1; session=s${at}` }) },
    { sticky: { header: 'x-customer' }, client: (at: number) => ({ 'x-customer': `c${at}` }) },
    {
      sticky: { principal: true },
      client: (at: number) => ({
        authorization: `Bearer x.${Buffer.from(JSON.stringify({ sub: `u${at}`, iat: at })).toString('base64url')}.y`,
      }),
    },
  ])('by share keeps each client on its side: $sticky', async ({ sticky, client }) => {
    await start([weighted('old', 'orders', 50, sticky), weighted('next', 'orders-next', 50, sticky)]);
    const first = await Promise.all(Array.from({ length: 30 }, (_, at) => ask('/api/orders/7', client(at))));
    expect(new Set(first)).toEqual(new Set(['old', 'next']));
    expect(await Promise.all(first.map((_, at) => ask('/api/orders/9', client(at))))).toEqual(first);
  });

  it('by address keeps all of one machine together; of no share nobody comes', async () => {
    const sticky = { address: true };
    await start([weighted('old', 'orders', 50, sticky), weighted('next', 'orders-next', 50, sticky)]);
    expect(new Set(await Promise.all(Array.from({ length: 10 }, () => ask()))).size).toBe(1);
    await rig.close();
    await start([weighted('old', 'orders', 1), weighted('next', 'orders-next', 0)]);
    expect(new Set(await Promise.all(Array.from({ length: 30 }, () => ask())))).toEqual(new Set(['old']));
  });
});

describe('what a request says of itself leads it', () => {
  beforeEach(() => {
    const next = (id: string, when: object) => ({ id, path: '/api/orders/**', service: 'orders-next', when });
    return start([
      { id: 'base', path: '/api/orders/**', service: 'orders' },
      next('lane', { lane: 'blue' }),
      next('header', { headers: { 'x-beta': 'y(es)?' } }),
      next('query', { query: { v: '2' } }),
      next('cookie', { cookies: { beta: '1' } }),
      next('host', { hosts: ['localhost'] }),
    ]);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['nothing', '/api/orders/7', {}, 'base'],
    ['a lane', '/api/orders/7', { 'x-lane': 'blue' }, 'lane'],
    ['a lane in the baggage', '/api/orders/7', { baggage: 'shop=7, lane=blue;p=1' }, 'lane'],
    ['another lane', '/api/orders/7', { 'x-lane': 'green' }, 'base'],
    ['a header', '/api/orders/7', { 'x-beta': 'yes' }, 'header'],
    ['a query', '/api/orders/7?a=1&v=2', {}, 'query'],
    ['another query', '/api/orders/7?a=1&v=22', {}, 'base'],
    ['a cookie', '/api/orders/7', { cookie: 'a=b; beta=1' }, 'cookie'],
  ])('%s', async (_name, path, headers, route) => {
    expect(await ask(path, headers)).toBe(route === 'base' ? 'old' : 'next');
    await until('the line is out', () => rig.log.length === 1);
    expect(rig.log[0]?.route).toBe(route);
  });

  it('its host, whatever the port', async () => {
    expect(await (await fetch(`http://localhost:${rig.port}/api/orders/7`)).text()).toBe('next');
  });
});
