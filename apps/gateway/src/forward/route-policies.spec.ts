import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../testing/parse-settings.ts';
import { listen, type Rig, startRig } from '../testing/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const start = async (route: object, listeners: RequestListener[]) => {
  rig = await startRig({ routes: [{ id: 'it', path: '/**', service: 'catalog', ...route }] });
  const ports = await Promise.all(listeners.map(async (listener) => (await rig.upstream(listener)).port));
  rig.registry.set('catalog', ...ports);
};
const ask = async (path = '/', init?: RequestInit) => {
  const response = await fetch(rig.url + path, init);
  await response.arrayBuffer();
  return response;
};
const answering =
  (status: number): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end();

describe('what a route says of retries', () => {
  const twice = (status: number): RequestListener[] => [answering(status), answering(status), answering(200)];

  it.each<[string, object, RequestInit, number, number]>([
    ['a GET that is answered 503, as ever', {}, {}, 503, 200],
    ['a GET that is answered 502 stands', {}, {}, 502, 502],
    ['unless the route says so', { retry: { statuses: [502] } }, {}, 502, 200],
    ['a POST is not repeated', {}, { method: 'POST' }, 503, 503],
    ['unless the route says so, without a body', { retry: { methods: ['POST'] } }, { method: 'POST' }, 503, 200],
    ['never with a body', { retry: { methods: ['POST'] } }, { method: 'POST', body: 'x' }, 503, 503],
    ['nor where one try is all', { tries: 1 }, {}, 503, 503],
  ])('%s', async (_name, route, init, bad, expected) => {
    await start(route, twice(bad));
    const statuses = [];
    for (let at = 0; at < 12; at++) statuses.push((await ask('/', init)).status);
    const failed = statuses.filter((status) => status === bad).length;
    if (expected === 200) expect(failed).toBe(0);
    else expect(failed).toBeGreaterThan(0);
  });

  it('its own budget bounds them', async () => {
    await start({ retry: { budget: { ratio: 0, burst: 3, perSecond: 0 } } }, [answering(503), answering(503)]);
    for (let at = 0; at < 5; at++) await ask();
    await rig.gateway.close();
    expect(rig.log.reduce((sum, { tries }) => sum + Number(tries) - 1, 0)).toBe(3);
  });
});

describe('what a route says of its breaker', () => {
  const dead = async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  it('opens it alone, and a change of other routes leaves it open', async () => {
    const routes = [
      {
        id: 'touchy',
        path: '/touchy/**',
        service: 'catalog',
        tries: 1,
        breaker: { consecutive: 2, openMs: 60_000, maxOpenMs: 60_000 },
      },
      { id: 'calm', path: '/calm/**', service: 'catalog', tries: 1 },
    ];
    rig = await startRig({ routes });
    rig.registry.set('catalog', await dead());
    const code = async (path: string) => ((await (await fetch(rig.url + path)).json()) as { code: string }).code;
    expect([await code('/touchy'), await code('/touchy'), await code('/touchy')]).toEqual([
      'UPSTREAM_FAILED',
      'UPSTREAM_FAILED',
      'CIRCUIT_OPEN',
    ]);
    expect(await code('/calm')).toBe('UPSTREAM_FAILED');
    rig.gateway.apply(parseSettings({ routes: [...routes, { id: 'more', path: '/more', service: 'catalog' }] }));
    expect(await code('/touchy')).toBe('CIRCUIT_OPEN');
    const [touchy, ...rest] = routes;
    rig.gateway.apply(parseSettings({ routes: [{ ...touchy, breaker: { consecutive: 3 } }, ...rest] }));
    expect(await code('/touchy')).toBe('UPSTREAM_FAILED');
  });
});
