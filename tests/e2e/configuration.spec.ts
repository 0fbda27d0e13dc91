import { beforeAll, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { type Answer, call, eventually } from './client.ts';
import { Shop } from './shop.ts';

const platform = sharedPlatform();
const shop = new Shop(platform);
const [centre] = platform.urls('config-center');
const settings = `${centre}/api/config-center/settings/default/default/orders`;
let filmId: string;

beforeAll(async () => {
  filmId = await shop.someFilmId();
});

const publish = async (values: unknown): Promise<Answer> =>
  call(`${settings}?comment=a+change`, {
    method: 'PUT',
    json: values,
    headers: await shop.authorization(),
  });

const placeThree = async (): Promise<Answer> =>
  call(`${platform.gatewayUrl}/api/orders`, {
    json: { items: Array(3).fill({ filmId, quantity: 1 }) },
    headers: await shop.authorization(),
  });

const within1s = (what: string, status: number) =>
  eventually(what, async () => ((await placeThree()).status === status ? true : undefined), 1_000, 20);

test('a changed setting is in force in the running service within 1 s, and so is its return', async () => {
  expect((await placeThree()).status).toBe(201);
  const pids = platform.pids('orders');
  expect((await publish({ maxItemsPerOrder: 2 })).status).toBe(200);
  await within1s('three items are too many', 400);
  expect((await publish({})).status).toBe(200);
  await within1s('three items are welcome again', 201);
  expect(platform.pids('orders')).toEqual(pids);
});

test('settings cannot be read or published through the gateway', async () => {
  const path = new URL(settings).pathname;
  const answers = [
    await call(platform.gatewayUrl + path),
    await call(`${platform.gatewayUrl}${path}?comment=evil`, {
      method: 'PUT',
      json: { maxItemsPerOrder: 1 },
      headers: await shop.authorization(),
    }),
  ];
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(2).fill([404, 'SERVICE_UNKNOWN']));
});

test('settings are not published without a token, by whoever reaches the centre', async () => {
  const answer = await call(settings, { method: 'PUT', json: { maxItemsPerOrder: 1 } });
  expect([answer.status, answer.body.code]).toEqual([401, 'TOKEN_MISSING']);
});

test('a change that does not fit is refused with its path, and the old one stays', async () => {
  await publish({ maxItemsPerOrder: 2 });
  await within1s('three items are too many', 400);
  const { body: released } = await publish({ maxItemsPerOrder: 'many' });
  const refused = await eventually('orders reports the refusal', async () => {
    const { body } = await call(`${settings}/instances`);
    return body.items.find(
      (instance: { refused?: { version: number } }) => instance.refused?.version === released.version,
    )?.refused;
  });
  expect(refused.reason).toMatch(/maxItemsPerOrder.*expected number/);
  expect(refused.reason).not.toContain('many');
  expect((await placeThree()).status).toBe(400);
  await publish({});
  await within1s('three items are welcome again', 201);
});
