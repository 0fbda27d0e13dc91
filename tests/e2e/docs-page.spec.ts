import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { call, eventually } from './client.ts';
import { Shop } from './shop.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
/** Nothing but the page's own requests leaves the browser, and it runs as root in a container. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const IMAGES = resolve(import.meta.dirname, '../../docs/images');

describe.skipIf(!CHROMIUM)('the documentation centre in Chromium, through the gateway', { timeout: 60_000 }, () => {
  const platform = sharedPlatform();
  const { gatewayUrl } = platform;
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, locale: 'en' });
    watchFor(page);
    await eventually('the example services are documented', async () => {
      const { body } = await call(`${gatewayUrl}/docs/services.json`);
      const documented = body.services.filter((one: { document: { state: string } }) => one.document.state === 'ok');
      const shown = documented.map(({ name }: { name: string }) => name);
      return ['catalog', 'orders'].every((name) => shown.includes(name)) || undefined;
    });
  });
  afterAll(() => browser?.close());

  function watchFor(one: Page): void {
    one.on('pageerror', (error) => complaints.push(error.message));
    one.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    one.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== new URL(gatewayUrl).origin) complaints.push(request.url());
    });
  }

  /** For people who look at it: where the variable names a folder. */
  async function picture(one: Page, name: string): Promise<void> {
    const to = process.env.ROOKERY_SCREENSHOTS_TO;
    if (to) await one.screenshot({ path: join(to, `${name}.png`) });
  }

  /** The operation's block, opened, with "Try it out" pressed. */
  async function tryOut(service: string, method: string, path: string): Promise<Locator> {
    await page.goto(`${gatewayUrl}/docs?service=${service}`);
    const operation = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) });
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('.try-out__btn').click();
    return operation;
  }

  /** Sends the request; answers the status that Swagger UI shows. */
  async function execute(operation: Locator): Promise<string | null> {
    await operation.locator('.execute').click();
    return operation.locator('.live-responses-table .response .response-col_status').first().textContent();
  }

  test('shows every service that is registered, with its state', async () => {
    const { body } = await call(`${gatewayUrl}/docs/services.json`);
    const registered: string[] = body.services.map(({ name }: { name: string }) => name);
    expect(registered).toEqual(
      expect.arrayContaining(['api-docs', 'catalog', 'config-center', 'fulfilment', 'gateway', 'orders']),
    );
    await page.goto(`${gatewayUrl}/docs`);
    await page.locator('.opblock').first().waitFor();
    expect(await page.locator('#services .name').allInnerTexts()).toEqual(registered);
    expect(await page.locator('.card.is-unreachable').allInnerTexts()).toEqual([]);
    expect(await page.locator('#service option').allInnerTexts()).toEqual(
      expect.arrayContaining(['catalog', 'orders']),
    );
  });

  test('says of a service for the platform only that it cannot be tried out', async () => {
    await page.goto(`${gatewayUrl}/docs?service=config-center`);
    await page.locator('#notice').filter({ hasText: 'For the platform only' }).waitFor();
    await page.locator('.opblock-get .opblock-summary-control').first().click();
    await page.locator('.opblock-section').first().waitFor();
    expect(await page.locator('.try-out__btn').first().isVisible()).toBe(false);
    await page.locator('.card[data-service="orders"] a').click();
    await page.locator('[data-path="/api/orders"]').first().waitFor();
    expect(await page.locator('#notice').isVisible()).toBe(false);
  });

  test('tries out a search for films', async () => {
    const operation = await tryOut('catalog', 'get', '/api/catalog/films');
    await operation.locator('tr[data-param-name="query"] input').fill('star wars');
    expect(await execute(operation)).toMatch(/^200/);
    expect(await operation.locator('.live-responses-table').textContent()).toContain('Star Wars');
  });

  test('tries out an order, which is placed', async () => {
    const shop = new Shop(platform);
    const filmId = await shop.someFilmId();
    const operation = await tryOut('orders', 'post', '/api/orders');
    const [, token = ''] = (await shop.authorization()).authorization.split(' ');
    await page.locator('.btn.authorize').click();
    const bearer = page.locator('.auth-container', { hasText: 'bearer' });
    await bearer.locator('input').fill(token);
    await bearer.locator('.authorize').click();
    await bearer.locator('.btn-done').click();
    await operation.locator('textarea').fill(JSON.stringify({ items: [{ filmId, quantity: 1 }] }));
    expect(await execute(operation)).toMatch(/^201/);
    expect(await operation.locator('.live-responses-table').textContent()).toContain('"placed"');
    if (process.env.ROOKERY_SCREENSHOTS === '1') {
      mkdirSync(IMAGES, { recursive: true });
      await page.goto(`${gatewayUrl}/docs?service=orders`);
      await page.locator('.opblock').first().waitFor();
      await page.screenshot({ path: join(IMAGES, 'api-docs.png'), clip: { x: 0, y: 0, width: 1280, height: 880 } });
    }
  });

  test('signs a person in on the page of the provider, and tries out an order as that person', async () => {
    const shop = new Shop(platform);
    const filmId = await shop.someFilmId();
    const username = `docs-${randomUUID().slice(0, 8)}`;
    const added = await call(`${gatewayUrl}/api/auth/accounts`, {
      json: { username, permissions: ['order:create'] },
      headers: await shop.authorization(),
    });
    // A browser that has nothing of the other tests: no language, no token.
    const fresh = await browser.newContext({ viewport: { width: 1280, height: 1000 }, locale: 'en' });
    page = await fresh.newPage();
    watchFor(page);
    const operation = await tryOut('orders', 'post', '/api/orders');
    await operation.locator('textarea').fill(JSON.stringify({ items: [{ filmId, quantity: 1 }] }));
    expect(await execute(operation)).toMatch(/^401/);
    complaints.splice(
      complaints.findIndex((text) => text.includes('401')),
      1,
    );

    await page.locator('.btn.authorize').click();
    const dialog = page.locator('.auth-container', { hasText: 'authorizationCode with PKCE' });
    expect(await dialog.locator('#client_id_authorizationCode').inputValue()).toBe('docs');
    expect(await dialog.locator('#client_secret_authorizationCode').isVisible()).toBe(false);
    await picture(page, 'docs-authorize');
    const opening = page.waitForEvent('popup');
    await dialog.locator('.authorize').click();
    const signIn = await opening;
    watchFor(signIn);
    await signIn.getByText('to continue to Rookery API documentation').waitFor();
    await signIn.locator('input[name=username]').fill(username);
    await signIn.locator('input[name=password]').fill(added.body.oneTimePassword);
    await signIn.keyboard.press('Enter');
    await signIn.locator('input[name=newPassword]').waitFor();
    await signIn.locator('input[name=password]').fill(added.body.oneTimePassword);
    await signIn.locator('input[name=newPassword]').fill('a password of my own');
    await signIn.keyboard.press('Enter');
    await signIn.getByRole('heading', { name: 'Allow access?' }).waitFor();
    await picture(signIn, 'docs-consent');
    const closing = signIn.waitForEvent('close');
    await signIn.locator('button[value=consent]').click();
    await closing;
    await dialog.getByText('Authorized').first().waitFor();
    expect(await dialog.getByText('client_secret').isVisible()).toBe(false);
    await picture(page, 'docs-authorized');
    await page.locator('.auth-container .btn-done').first().click();
    await operation.locator('.btn-clear').click();
    expect(await execute(operation)).toMatch(/^201/);
    expect(await operation.locator('.live-responses-table').textContent()).toContain('"placed"');
    await picture(page, 'docs-placed');
    const claims = await page.evaluate(() => {
      const curl = document.querySelector('.opblock.is-open .curl')?.textContent ?? '';
      return JSON.parse(atob(/Bearer [^.]+\.([^.]+)/.exec(curl)?.[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? ''));
    });
    expect(claims).toMatchObject({ client_id: 'docs', permissions: ['order:create'] });
    await fresh.close();
  });

  test('speaks Chinese to a Chinese browser, and fits a telephone', async () => {
    const telephone = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' });
    await telephone.goto(`${gatewayUrl}/docs`);
    await telephone.locator('.opblock').first().waitFor();
    expect(await telephone.title()).toBe('Rookery 接口文档');
    expect(await telephone.locator('#summary').textContent()).toMatch(/个服务/);
    expect(await telephone.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await telephone.close();
  });

  test('loads nothing from elsewhere, and breaks no rule of its own security policy', () => {
    expect(complaints).toEqual([]);
  });
});
