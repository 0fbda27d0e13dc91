import { startTestIssuer } from '@rookery/security/testing';
import { startOwnRedis } from '@rookery/servers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../../testing/rig.ts';

const redis = await startOwnRedis();
const issuer = await startTestIssuer();
afterAll(async () => {
  await issuer.close();
  await redis?.stop();
});

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

async function limited(
  settings: Record<string, unknown>,
  { path = '/api/{service}/**', environment = {} }: { path?: string; environment?: Record<string, string> } = {},
): Promise<Rig> {
  const rig = await startRig(
    {
      routes: [
        {
          id: 'services',
          path,
          service: 'catalog',
          filters: [
            { name: 'auth', issuer: issuer.issuer },
            { name: 'rate-limit', perSecond: 0.001, burst: 2, ...settings },
          ],
        },
      ],
    },
    { environment },
  );
  rigs.push(rig);
  const { port } = await rig.upstream((_request, response) => response.end('films'));
  rig.registry.set('catalog', port);
  return rig;
}

const ask = async (rig: Rig, headers: Record<string, string> = {}, path = '/api/catalog/films') => {
  const response = await fetch(rig.url + path, { headers });
  await response.arrayBuffer();
  return response;
};
const statuses = async (rig: Rig, times: number, headers?: Record<string, string>, path?: string) => {
  const all: number[] = [];
  for (let time = 0; time < times; time++) all.push((await ask(rig, headers, path)).status);
  return all;
};
const bearer = (sub: string) => ({ authorization: `Bearer ${issuer.token({ claims: { sub } })}` });

describe('a limited route', () => {
  it('tells what is left, and refuses with 429 and when to come again', async () => {
    const rig = await limited({ key: 'route' });
    const first = await ask(rig);
    expect(first.headers.get('ratelimit-policy')).toBe('"services";q=2;w=2000');
    expect(first.headers.get('ratelimit')).toBe('"services";r=1;t=1000');
    await ask(rig);
    const refused = await fetch(`${rig.url}/api/catalog/films`);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
    expect(refused.headers.get('x-refused-by')).toBe('rate-limit');
    expect(refused.headers.get('ratelimit')).toMatch(/^"services";r=0;t=(?:1000|999)$/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(990);
  });

  it('counts each principal, and who has no token by address', async () => {
    const rig = await limited({ key: 'principal' });
    expect(await statuses(rig, 3, bearer('ada'))).toEqual([200, 200, 429]);
    expect(await statuses(rig, 3, bearer('bob'))).toEqual([200, 200, 429]);
    expect(await statuses(rig, 3)).toEqual([200, 200, 429]);
  });

  it('counts by header or by path parameter', async () => {
    const byHeader = await limited({ key: 'header:x-tenant' });
    expect(await statuses(byHeader, 3, { 'x-tenant': 'blue' })).toEqual([200, 200, 429]);
    expect(await statuses(byHeader, 1, { 'x-tenant': 'red' })).toEqual([200]);
    const byParameter = await limited({ key: 'param:shop' }, { path: '/shops/{shop}/**' });
    expect(await statuses(byParameter, 3, {}, '/shops/paris/x')).toEqual([200, 200, 429]);
    expect(await statuses(byParameter, 1, {}, '/shops/rome/x')).toEqual([200]);
  });

  it('limits an address before its tokens are verified', async () => {
    const rig = await startRig({
      routes: [
        {
          id: 'services',
          path: '/api/{service}/**',
          service: '{service}',
          filters: [
            { name: 'auth', issuer: issuer.issuer },
            { name: 'ip-rate-limit', perSecond: 0.001, burst: 2 },
          ],
        },
      ],
    });
    rigs.push(rig);
    const forged = { authorization: 'Bearer forged' };
    expect(await statuses(rig, 3, forged)).toEqual([401, 401, 429]);
    const refused = await ask(rig, forged);
    expect(refused.headers.get('x-refused-by')).toBe('ip-rate-limit');
  });

  it('has several limits that count each for itself', async () => {
    const rig = await startRig({
      routes: [
        {
          id: 'services',
          path: '/api/**',
          service: 'catalog',
          filters: [
            { name: 'ip-rate-limit', perSecond: 0.001, burst: 9 },
            { name: 'rate-limit', key: 'ip', perSecond: 0.001, burst: 2 },
            { name: 'rate-limit', key: 'ip', perSecond: 0.001, burst: 5 },
          ],
        },
      ],
    });
    rigs.push(rig);
    const { port } = await rig.upstream((_request, response) => response.end('films'));
    rig.registry.set('catalog', port);
    const { headers } = await ask(rig);
    expect(headers.get('ratelimit')).toBe('"services";r=4;t=1000, "services";r=1;t=1000, "services-ip";r=8;t=1000');
    expect(await statuses(rig, 3)).toEqual([200, 429, 429]);
  });

  it('lets in again what came back with time', async () => {
    const rig = await limited({ key: 'route', perSecond: 20, burst: 1 });
    await ask(rig);
    await until('a call came back', async () => (await ask(rig)).status === 200, 2_000);
  });
});

describe.skipIf(!redis)('a limit of several gateways, on Redis', () => {
  const pair = async (group: string, more: Record<string, string> = {}) => {
    const settings = { key: 'header:x-tenant', scope: 'cluster', group, burst: 20, deadlineMs: 1_000 };
    const environment = { GATEWAY_REDIS_URL: redis?.url ?? '', ...more };
    const gateways = [await limited(settings, { environment }), await limited(settings, { environment })] as const;
    for (const { registry } of gateways) registry.set('gateway', 1, 2);
    return gateways;
  };
  const granted = async (rig: Rig, tenant: string) =>
    (await statuses(rig, 22, { 'x-tenant': tenant })).filter((status) => status === 200).length;

  it('is one limit, and without Redis each gives out its share', async () => {
    const [one, other] = await pair('together');
    let round = 0;
    await until('both count in Redis', async () => {
      const tenant = `tenant-${round++}`;
      return (await granted(one, tenant)) === 20 && (await granted(other, tenant)) === 0;
    });
    await redis?.kill();
    expect(await Promise.all([granted(one, 'late'), granted(other, 'late')])).toEqual([10, 10]);
    await redis?.start();
  });

  it('of several workers each has a share of that', async () => {
    await redis?.kill();
    const [one] = await pair('workers', { GATEWAY_WORKERS: '2' });
    expect(await granted(one, 'late')).toBe(5);
    await redis?.start();
  });
});

it.each([
  [{ key: 'colour' }, /key/],
  [{ perSecond: 0 }, /perSecond/],
  [{ burst: 0 }, /burst/],
])('settings like %j are refused with their path', async (settings, path) => {
  await expect(limited(settings)).rejects.toThrow(path);
});
