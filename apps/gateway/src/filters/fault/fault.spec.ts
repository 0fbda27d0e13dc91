import { afterEach, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../../testing/rig.ts';

let rig: Rig;
afterEach(() => rig?.close());

async function faulty(settings: Record<string, unknown>): Promise<void> {
  rig = await startRig({
    routes: [{ id: 'all', path: '/api/**', service: 'catalog', filters: [{ name: 'fault', ...settings }] }],
  });
  const { port } = await rig.upstream((_request, response) => response.end('films'));
  rig.registry.set('catalog', port);
}

const ask = async (headers: Record<string, string> = {}) => {
  const sinceMs = performance.now();
  const response = await fetch(`${rig.url}/api/films`, { headers });
  await response.text();
  return { status: response.status, by: response.headers.get('x-refused-by'), ms: performance.now() - sinceMs };
};

it('a share of the requests fails as it was asked for', async () => {
  await faulty({ abort: { status: 418, percent: 50 } });
  const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await ask()).status));
  const failed = statuses.filter((status) => status === 418).length;
  expect(failed).toBeGreaterThan(20);
  expect(failed).toBeLessThan(80);
  expect(statuses.filter((status) => status === 200)).toHaveLength(100 - failed);
});

it('only those fail that say so', async () => {
  await faulty({ header: { name: 'x-fault', value: 'yes' }, abort: { status: 503 } });
  expect(await ask()).toMatchObject({ status: 200 });
  expect(await ask({ 'x-fault': 'no' })).toMatchObject({ status: 200 });
  expect(await ask({ 'x-fault': 'yes' })).toMatchObject({ status: 503, by: 'fault' });
});

it('an answer is late, and is not waited for by who has left', async () => {
  await faulty({ delay: { ms: 100 } });
  const late = await ask();
  expect(late.status).toBe(200);
  expect(late.ms).toBeGreaterThanOrEqual(95);
  await rig.close();
  await faulty({ delay: { ms: 60_000 } });
  const leaving = new AbortController();
  const left = fetch(`${rig.url}/api/films`, { signal: leaving.signal }).catch(() => 'left');
  await until('it waits', () => rig.gateway.inFlight === 1);
  leaving.abort();
  await left;
  await until('nothing waits', () => rig.gateway.inFlight === 0);
});

it('a fault that does nothing is refused', async () => {
  await expect(faulty({})).rejects.toThrow(/expected delay, abort or both/);
});
