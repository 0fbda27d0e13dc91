import { expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { Shop } from './shop.ts';

const platform = sharedPlatform();
const { gatewayUrl } = platform;
const shop = new Shop(platform);
const page = (path: string, init?: RequestInit) => fetch(`${gatewayUrl}/pages${path}`, init);

test('the pages come through the gateway, in the language of the browser', async () => {
  const chinese = await page('', { redirect: 'manual', headers: { 'accept-language': 'zh-CN,zh;q=0.9' } });
  expect([chinese.status, chinese.headers.get('location')]).toEqual([302, '/pages/zh/']);
  const home = await page('/');
  expect([home.status, new URL(home.url).pathname]).toEqual([200, '/pages/en/']);
  expect(await home.text()).toContain('href="/pages/en/films/film-0842"');
  expect((await page('/zh/films/film-9999')).status).toBe(404);
  expect((await fetch(`${gatewayUrl}/page-data/en/`)).status).toBe(404);
});

test('a price that is changed through the gateway is on the page within a second', async () => {
  const read = async () => (await page('/en/films/film-3000')).text();
  expect(await read()).not.toContain('$12.34');
  const changed = await fetch(`${gatewayUrl}/api/catalog/films/film-3000`, {
    method: 'PATCH',
    body: JSON.stringify({ priceCents: 12_34 }),
    headers: { 'content-type': 'application/json', ...(await shop.authorization()) },
  });
  expect(changed.status).toBe(200);
  await expect.poll(read, { timeout: 1_000, interval: 20 }).toContain('$12.34');
});
