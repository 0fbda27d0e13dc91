import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { type Rig, startRig } from '../../testing/rig.ts';

let rig: Rig;
const seen: (string | undefined)[] = [];
afterEach(() => rig?.close());

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const PLANS = {
  free: { rate: { perSecond: 0.001, burst: 2 }, quota: { calls: 10, hours: 24 } },
  small: { quota: { calls: 1, hours: 24 } },
};
const KEYS = [
  { id: 'till', sha256: sha256('till key'), plan: 'free' },
  { id: 'kiosk', sha256: sha256('kiosk key'), plan: 'free' },
  { id: 'small', sha256: sha256('small key'), plan: 'small' },
  { id: 'own', sha256: sha256('own key') },
  { id: 'old', sha256: sha256('old key'), expires: '2020-01-01T00:00:00Z' },
];

async function guarded(settings: Record<string, unknown> = {}): Promise<void> {
  seen.length = 0;
  const filters = [{ name: 'api-key', keys: KEYS, plans: PLANS, ...settings }];
  rig = await startRig({ routes: [{ id: 'all', path: '/api/**', service: 'catalog', filters }] });
  const { port } = await rig.upstream((request, response) => {
    seen.push(request.headers['x-api-key'] as string | undefined);
    response.end('films');
  });
  rig.registry.set('catalog', port);
}

async function ask(key?: string) {
  const response = await fetch(`${rig.url}/api/films`, { headers: key === undefined ? {} : { 'x-api-key': key } });
  const text = await response.text();
  const code = response.status === 200 ? undefined : JSON.parse(text).code;
  return { status: response.status, code, headers: response.headers };
}

it('a key that is known opens, and stays here', async () => {
  await guarded();
  expect((await ask('own key')).status).toBe(200);
  expect(seen).toEqual([undefined]);
});

it.each([
  ['that is missing', undefined, 'API_KEY_MISSING'],
  ['that is not known', 'other key', 'API_KEY_REFUSED'],
  ['that has expired', 'old key', 'API_KEY_REFUSED'],
  ['that is its own hash', sha256('own key'), 'API_KEY_REFUSED'],
])('a key %s does not', async (_, key, code) => {
  await guarded();
  const refused = await ask(key);
  expect(refused).toMatchObject({ status: 401, code });
  expect(refused.headers.get('www-authenticate')).toBe('ApiKey realm="rookery", header="x-api-key"');
  expect(refused.headers.get('x-refused-by')).toBe('api-key');
  expect(seen).toEqual([]);
});

it('none is passed on where it is optional, a wrong one is not', async () => {
  await guarded({ mode: 'optional' });
  expect([(await ask()).status, (await ask('other key')).status]).toEqual([200, 401]);
});

it('each key has the rate of its plan, and is told what is left', async () => {
  await guarded();
  const first = await ask('till key');
  expect(first.headers.get('ratelimit-policy')).toBe('"rate";q=2;w=2000, "quota";q=10;w=86400');
  expect(first.headers.get('ratelimit')).toBe('"rate";r=1;t=1000, "quota";r=9;t=8640');
  expect((await ask('till key')).status).toBe(200);
  const refused = await ask('till key');
  expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(990);
  expect((await ask('kiosk key')).status).toBe(200);
});

it('each key has the quota of its plan', async () => {
  await guarded();
  expect((await ask('small key')).status).toBe(200);
  const refused = await ask('small key');
  expect(refused).toMatchObject({ status: 429, code: 'QUOTA_USED_UP' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(86_000);
});

it.each([
  [{ keys: [{ id: 'till', sha256: 'till key' }] }, /keys.*sha256/],
  [{ keys: [{ id: 'till', sha256: sha256('a'), plan: 'gold' }] }, /keys.*plan/],
  [{ keys: [KEYS[0], KEYS[0]] }, /stands twice/],
])('settings like %j are refused with their path', async (settings, path) => {
  await expect(guarded(settings)).rejects.toThrow(path);
});
