import { afterAll, beforeAll, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { call, eventually } from './client.ts';
import { Shop } from './shop.ts';

const platform = sharedPlatform();
const shop = new Shop(platform);
const [centre] = platform.urls('config-center');
const [registry] = platform.urls('registry');
const settings = `${centre}/api/config-center/settings/default/default/gateway`;
const ROUTES = [
  { id: 'services', path: '/api/{service}/**', service: '{service}' },
  { id: 'auth', path: '/auth/**', service: 'auth' },
];
const SHORT_WAY = {
  id: 'film',
  path: '/film/{id}',
  service: 'catalog',
  filters: [{ name: 'set-path', path: '/api/catalog/films/{id}' }],
};
let filmId: string;

beforeAll(async () => {
  filmId = await shop.someFilmId();
});
afterAll(() => publish({}));

const publish = async (values: unknown) =>
  call(`${settings}?comment=a+change`, {
    method: 'PUT',
    json: values,
    headers: await shop.authorization(),
  });

const film = (path: string) => call(`${platform.gatewayUrl}${path}`);

const within1s = (what: string, holds: () => Promise<boolean>) =>
  eventually(what, async () => ((await holds()) ? true : undefined), 1_000, 20);

/** The gateway's admin port, as the registry knows it. */
async function admin(): Promise<string> {
  const { body } = await call(`${registry}/v1/health/service/gateway`);
  return `http://127.0.0.1:${body[0].Service.Meta['metrics-port']}`;
}

test('a route that is published is in force within 1 s, and so is its end; no request is dropped meanwhile', async () => {
  const statuses = new Set<number>();
  let stop = false;
  const steady = (async () => {
    while (!stop) statuses.add((await film(`/api/catalog/films/${filmId}`)).status);
  })();
  expect((await film(`/film/${filmId}`)).body.code).toBe('ROUTE_UNKNOWN');
  expect((await publish({ routes: [...ROUTES, SHORT_WAY] })).status).toBe(200);
  await within1s('the route leads to the film', async () => (await film(`/film/${filmId}`)).body.id === filmId);
  await publish({ routes: ROUTES });
  await within1s('it is gone', async () => (await film(`/film/${filmId}`)).status === 404);
  stop = true;
  await steady;
  expect([...statuses]).toEqual([200]);
});

test('a wrong one is refused whole, with its path: at the centre and at the admin port', async () => {
  await publish({ routes: [...ROUTES, SHORT_WAY] });
  await within1s('the route is in force', async () => (await film(`/film/${filmId}`)).status === 200);
  const { body: released } = await publish({
    routes: [
      { ...SHORT_WAY, path: '/other/{id}' },
      { id: 'x', path: 'x', service: 'a' },
    ],
  });
  const reason = expect.stringContaining('routes.1.path');
  const refused = await eventually('the gateway reports the refusal', async () => {
    const { body } = await call(`${settings}/instances`);
    return body.items.find(
      (instance: { refused?: { version: number } }) => instance.refused?.version === released.version,
    )?.refused;
  });
  expect(refused).toMatchObject({ reason });
  const { body } = await call(`${await admin()}/admin/routes`);
  expect(body).toMatchObject({ refused: { version: released.version, reason } });
  expect(body.routes.map(({ id }: { id: string }) => id)).toContain('film');
  expect((await film(`/film/${filmId}`)).status).toBe(200);
});

test('metrics are at the admin port, and not at the one that clients reach', async () => {
  expect((await call(`${platform.gatewayUrl}/metrics`)).status).toBe(404);
  expect((await call(`${platform.gatewayUrl}/admin/routes`)).status).toBe(404);
  expect((await call(`${await admin()}/metrics`)).body).toContain('gateway_requests_total');
});
