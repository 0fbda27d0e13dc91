import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { call, eventually } from './client.ts';
import { Shop } from './shop.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'];

const ORDERS = 'http:POST /api/orders';
const rules = {
  'one-order-a-second': { kind: 'flow', resource: ORDERS, limit: 1 },
  'no-lists': { kind: 'flow', resource: 'http:GET /api/orders/:id', limit: 0, shadow: true },
};

describe.skipIf(!CHROMIUM)('the page of the resources, on the admin port', { timeout: 60_000 }, () => {
  const platform = sharedPlatform();
  const shop = new Shop(platform);
  const [centre] = platform.urls('config-center');
  const complaints: string[] = [];
  let admin: string;
  let browser: Browser;
  let page: Page;

  const publish = async (json: object) =>
    call(`${centre}/api/config-center/settings/default/default/orders?comment=rules`, {
      method: 'PUT',
      json,
      headers: await shop.authorization(),
    });

  async function open(options: BrowserContextOptions): Promise<Page> {
    const opened = await browser.newPage(options);
    opened.on('pageerror', (error) => complaints.push(error.message));
    opened.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await opened.goto(`${admin}/admin/resilience`);
    await opened.locator('#rows tr').first().waitFor();
    return opened;
  }

  /** For people who look at it: where the variable names a folder. */
  async function picture(of: Page, name: string): Promise<void> {
    const to = process.env.ROOKERY_SCREENSHOTS_TO;
    if (to) await of.screenshot({ path: join(to, `${name}.png`), fullPage: true });
  }

  const rowOf = (resource: string) => page.locator('#rows tr', { has: page.getByText(resource, { exact: true }) });
  const detailsOf = (resource: string) => rowOf(resource).locator('+ tr.more');

  beforeAll(async () => {
    admin = await eventually('the gateway has said where its admin port is', async () => {
      const said = platform.logs('gateway').findLast(({ event }) => event === 'admin pages ready');
      return said && new URL(String(said.url)).origin;
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const filmId = await shop.someFilmId();
    expect((await publish({ resilience: { rules } })).status).toBe(200);
    await eventually('an order is refused', async () => ((await shop.order(filmId)).status === 429 ? true : undefined));
    const placed = await eventually('an order passes', async () => {
      const { status, body } = await shop.order(filmId);
      return status === 201 ? body : undefined;
    });
    await shop.show(placed.id);
    await Promise.all(Array.from({ length: 10 }, () => shop.order(filmId)));
    page = await open({ viewport: { width: 1280, height: 900 }, locale: 'en', colorScheme: 'light' });
  });
  afterAll(async () => {
    await publish({});
    await browser?.close();
  });

  test('shows the rule that refused, how often, and whom', async () => {
    const details = detailsOf(ORDERS);
    await details.getByText('Last refused').waitFor();
    const text = await details.textContent();
    expect(text).toMatch(/one-order-a-second flow \d+/);
    expect(text).not.toContain('unknown caller');
    expect(Number(await rowOf(ORDERS).locator('[data-of="refused"]').textContent())).toBeGreaterThan(0);
    expect(await detailsOf('http:GET /api/orders/:id').textContent()).toContain('shadow');
    await picture(page, 'resilience-light');
  });

  test('has every service that is called, and the routes of the gateway with their breakers', async () => {
    await rowOf('route:services').first().waitFor();
    expect(await rowOf('service:orders').locator('[data-of="circuit"]').textContent()).toContain('orders: closed');
    await page.locator('#filter').fill('catalog');
    await rowOf(ORDERS).waitFor({ state: 'detached' });
    expect(await page.locator('#rows .name').allInnerTexts()).toContain('http:GET /api/catalog/films');
    await page.locator('#filter').fill('');
    await page.locator('#troubled').check();
    await rowOf(ORDERS).waitFor();
    expect(await page.locator('#rows tr:not(.more):not(.is-troubled)').count()).toBe(0);
  });

  test('speaks Chinese to a Chinese browser, fits a telephone, and is dark where that is wanted', async () => {
    const options = { viewport: { width: 390, height: 844 }, locale: 'zh-CN', colorScheme: 'dark' } as const;
    const telephone = await open(options);
    expect(await telephone.title()).toBe('Rookery 流量防护');
    expect(await telephone.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await telephone.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(15, 26, 37)');
    await picture(telephone, 'resilience-telephone-dark');
    await telephone.close();
    const wide = await open({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN', colorScheme: 'dark' });
    await picture(wide, 'resilience-dark');
    await wide.close();
  });

  test('is JSON for programs and a stream for those that follow', async () => {
    const { body } = await call(`${admin}/admin/resilience`);
    expect(body.missing).toEqual([]);
    expect(body.resources).toContainEqual(
      expect.objectContaining({
        service: 'orders',
        resource: ORDERS,
        rules: [expect.objectContaining({ id: 'one-order-a-second' })],
      }),
    );
    const leaving = new AbortController();
    const headers = { accept: 'text/event-stream' };
    const stream = await fetch(`${admin}/admin/resilience`, { headers, signal: leaving.signal });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    leaving.abort();
  });

  test('breaks no rule of its own security policy', () => {
    expect(complaints).toEqual([]);
  });
});
