import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { call, eventually } from './client.ts';
import { Shop } from './shop.ts';

const MAIN = resolve(import.meta.dirname, '../../libs/cli/src/main.ts');
const platform = sharedPlatform();
const shop = new Shop(platform);
const [centre] = platform.urls('config-center');

/** In shadow: the orders of other suites go on. */
const RULES = {
  catalog: { 'no-films': { kind: 'flow', resource: 'rpc:catalog.GetFilms', limit: 0, shadow: true } },
  fulfilment: { 'no-orders': { kind: 'flow', resource: 'mq:order.placed', limit: 0, shadow: true } },
  orders: { 'never-shown': { kind: 'flow', resource: 'http:GET /api/orders/:id', limit: 0 } },
};

const SHADOWED = [
  ['catalog', 'rpc:catalog.GetFilms'],
  ['fulfilment', 'mq:order.placed'],
] as const;

const publish = async (service: string, rules: object) => {
  const path = `${centre}/api/config-center/settings/default/default/${service}?author=test&comment=rules`;
  const json = Object.keys(rules).length > 0 ? { resilience: { rules } } : {};
  const answer = await call(path, { method: 'PUT', json, headers: await shop.authorization() });
  expect(answer.status).toBe(200);
};

/** What `rookery rules explain` prints; what it says where it fails. */
async function explain(...args: string[]): Promise<string> {
  const env = { ...process.env, ROOKERY_HOME: platform.home };
  const ended = promisify(execFile)(process.execPath, [MAIN, 'rules', 'explain', ...args], { env });
  return ended.then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  );
}

let orderId: string;

beforeAll(async () => {
  const filmId = await shop.someFilmId();
  orderId = (await shop.order(filmId)).body.id;
  for (const [service, rules] of Object.entries(RULES)) await publish(service, rules);
  await eventually('the rule of orders is in force', async () =>
    (await shop.show(orderId)).status === 429 ? true : undefined,
  );
  // These have no settings in their code; a rule reaches them all the same.
  for (const [service, resource] of SHADOWED) {
    await eventually(
      `a call meets the rule of ${service}`,
      async () => {
        await shop.order(filmId);
        const { body } = await call(`${platform.urls(service)[0]}/resilience?resource=${encodeURIComponent(resource)}`);
        return body.decisions?.some(({ rule }: { rule?: string }) => rule !== undefined) ? true : undefined;
      },
      60_000,
      250,
    );
  }
});
afterAll(async () => {
  for (const service of Object.keys(RULES)) await publish(service, {});
  await eventually('orders are shown again', async () =>
    (await shop.show(orderId)).status === 200 ? true : undefined,
  );
});

test.each([
  ['http:GET /api/orders/:id', 'orders', /refused never-shown flow it had 0 calls in the last second; the limit is 0/],
  ['rpc:catalog.GetFilms', 'catalog', /shadowed no-films flow it had \d+ calls in the last second; the limit is 0/],
  ['mq:order.placed', 'fulfilment', /shadowed no-orders flow it had \d+ calls in the last second; the limit is 0/],
])('rookery rules explain says of %s which rule decided, and why', async (resource, service, line) => {
  const text = await explain(resource, '--service', service);
  expect(text).toMatch(new RegExp(`^${service}-`, 'm'));
  // Wide cells are broken into lines.
  expect(text.replace(/\s+/g, ' ')).toMatch(line);
});

test('and of a resource that nobody has called, that nobody knows it', async () => {
  expect(await explain('http:GET /nowhere')).toContain('No service knows a resource http:GET /nowhere');
});
