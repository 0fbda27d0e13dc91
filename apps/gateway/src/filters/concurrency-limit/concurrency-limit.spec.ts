import { afterEach, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../../testing/rig.ts';
import { endOf } from './concurrency-limit.ts';

let rig: Rig;
afterEach(() => rig?.close());

async function limited(settings: Record<string, unknown> = {}): Promise<Rig> {
  rig = await startRig({
    routes: [
      {
        id: 'services',
        path: '/api/{service}/**',
        service: '{service}',
        filters: [{ name: 'concurrency-limit', ...settings }],
      },
    ],
  });
  return rig;
}

const ask = async (service: string) => {
  const response = await fetch(`${rig.url}/api/${service}/films`);
  const text = await response.text();
  return { status: response.status, text, headers: response.headers };
};

it('what has no place is refused at once, and places come back when responses begin', async () => {
  await limited({ minLimit: 1, initialLimit: 2 });
  const waiting: (() => void)[] = [];
  const { port } = await rig.upstream((_request, response) => waiting.push(() => response.end('films')));
  rig.registry.set('catalog', port);
  const served = [ask('catalog'), ask('catalog')];
  await until('both are under way', () => waiting.length === 2);
  const refused = await ask('catalog');
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.text)).toMatchObject({ code: 'OVERLOADED' });
  expect(refused.headers.get('x-refused-by')).toBe('concurrency-limit');
  expect(refused.headers.get('retry-after')).toBe('1');
  for (const answer of waiting.splice(0)) answer();
  expect((await Promise.all(served)).map(({ status }) => status)).toEqual([200, 200]);
  const again = ask('catalog');
  await until('one more is under way', () => waiting.length === 1);
  waiting[0]?.();
  expect((await again).status).toBe(200);
});

it('a client that leaves gives its place back, and a stream holds none once it has begun', async () => {
  await limited({ minLimit: 1, initialLimit: 1 });
  let asked = 0;
  const { port } = await rig.upstream((request, response) => {
    asked++;
    if (request.url?.endsWith('events')) response.writeHead(200).write('one');
  });
  rig.registry.set('catalog', port);
  const leaving = new AbortController();
  const left = fetch(`${rig.url}/api/catalog/hangs`, { signal: leaving.signal }).catch(() => 'left');
  await until('it is under way', () => asked === 1);
  leaving.abort();
  await left;
  let events: Response | undefined;
  await until('the place is back', async () => {
    events = await fetch(`${rig.url}/api/catalog/events`);
    return events.status === 200;
  });
  const other = await fetch(`${rig.url}/api/catalog/events`);
  expect(other.status).toBe(200);
  await Promise.all([events?.body?.cancel(), other.body?.cancel()]);
});

it('a service that is overloaded does not take places from another', async () => {
  await limited({ minLimit: 1, initialLimit: 1 });
  let asked = 0;
  const hanging = await rig.upstream(() => asked++);
  const { port } = await rig.upstream((_request, response) => response.end('orders'));
  rig.registry.set('catalog', hanging.port);
  rig.registry.set('orders', port);
  const hangs = ask('catalog').catch(() => 'ended');
  await until('it is under way', () => asked === 1);
  expect((await ask('catalog')).status).toBe(503);
  expect((await ask('orders')).status).toBe(200);
  hanging.server.closeAllConnections();
  await hangs;
});

it.each([
  [{ source: 'upstream', status: 200, code: undefined }, 'answered'],
  [{ source: 'upstream', status: 404, code: undefined }, 'answered'],
  [{ source: 'upstream', status: 500, code: undefined }, 'unknown'],
  [{ source: 'upstream', status: 503, code: undefined }, 'dropped'],
  [{ source: 'gateway', status: 504, code: 'UPSTREAM_TIMEOUT' }, 'dropped'],
  [{ source: 'gateway', status: 503, code: 'NO_INSTANCE' }, 'unknown'],
] as const)('%j says %s of the load', (call, end) => {
  expect(endOf(call)).toBe(end);
});
