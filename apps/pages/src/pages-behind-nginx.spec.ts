import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filmChanged } from '@rookery/contracts';
import { createMessage, createMessaging, type Messaging } from '@rookery/messaging';
import { hasNginx, startOwnRedis, startPostgres } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Shop, startShop } from './testing/shop.ts';

const postgres = await startPostgres();
const redis = await startOwnRedis();
afterAll(() => Promise.all([postgres?.stop(), redis?.stop()]));

const SOON = { timeout: 5_000, interval: 50 };
const WAY = ['app', 'files', 'cache'] as const;

describe.skipIf(!postgres || !redis || !hasNginx())('pages behind nginx and Redis', () => {
  let shop: Shop;
  let messaging: Messaging;

  beforeAll(async () => {
    if (!postgres || !redis) return;
    shop = await startShop(postgres, redis);
    messaging = await createMessaging(shop.messagingUrl);
    const rendered = () => expect(existsSync(join(shop.folder, 'zh/films/film-0020.html'))).toBe(true);
    await vi.waitFor(rendered, { timeout: 20_000 });
    await shop.change('film-0021', 21_21);
    const told = async () => expect(await readPage('app', 'en/films/film-0021')).toContain('$21.21');
    await vi.waitFor(told, { timeout: 10_000 });
  }, 60_000);
  afterAll(async () => {
    await messaging?.close();
    await shop?.stop();
  });

  const get = (way: (typeof WAY)[number], key: string) => fetch(`${shop.urls[way]}/pages/${key}`);
  const readPage = async (way: (typeof WAY)[number], key: string) => (await get(way, key)).text();
  const tell = (film: object) =>
    messaging.publish([
      createMessage({ topic: filmChanged.name, payload: { film, changedAt: new Date().toISOString() } }),
    ]);

  it.each(['en/', 'zh/', 'en/films/page-1', 'zh/films/page-1', 'en/films/film-0001', 'zh/films/film-0002'])(
    'the bytes of %s are the same from the app, from files and from Lua',
    async (key) => {
      // A film that was changed before is on a list's page in each way at a moment of its own.
      const [app, ...others] = await vi.waitFor(
        async () => {
          const answers = await Promise.all(WAY.map((way) => get(way, key)));
          const [html, ...copies] = await Promise.all(answers.map((answer) => answer.text()));
          expect(html).toMatch(/^<!doctype html>.*<\/html>\n$/s);
          for (const copy of copies) expect(copy).toBe(html);
          return answers;
        },
        { timeout: 10_000, interval: 100 },
      );
      for (const other of others) {
        expect(other.status).toBe(200);
        for (const header of ['content-type', 'cache-control', 'content-security-policy', 'x-content-type-options']) {
          expect(other.headers.get(header)).toBe(app?.headers.get(header));
        }
      }
      expect(others[0]?.headers.get('etag'), 'served from a file').toBeTruthy();
      expect(app?.headers.get('content-type')).toBe('text/html; charset=utf-8');
    },
  );

  it.each([
    'en/films/film-9999',
    'en/films/page-999',
    'zh/nonsense',
    'en/films/film-0001.html',
    'en/films/film-0001%3Cb%3E',
  ])('there is no page %s, in any way', async (key) => {
    const answers = await Promise.all(WAY.map((way) => get(way, key)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    const [app, ...others] = await Promise.all(answers.map((answer) => answer.text()));
    for (const other of others) expect(other).toBe(app);
  });

  it.each(['', 'zh-CN,zh;q=0.9'])(
    'the start leads to the home page in the language of the browser: %j',
    async (wanted) => {
      for (const way of WAY) {
        const answer = await fetch(`${shop.urls[way]}/pages/`, {
          redirect: 'manual',
          headers: { 'accept-language': wanted },
        });
        expect([answer.status, answer.headers.get('location')]).toEqual([302, `/pages/${wanted ? 'zh' : 'en'}/`]);
      }
    },
  );

  it('a changed price is on every page that shows the film within a second, in both schemes', async () => {
    const keys = ['en/', 'zh/', 'en/films/page-1', 'zh/films/page-1', 'en/films/film-0020', 'zh/films/film-0020'];
    const places = keys.flatMap((key) => WAY.map((way) => ({ key, way })));
    const tookMs: number[] = [];
    for (const cents of [31_11, 32_22, 33_33, 34_44, 35_55]) {
      await Promise.all(places.map(({ key, way }) => get(way, key)));
      await shop.change('film-0020', cents);
      const changedAtMs = performance.now();
      const price = `$${(cents / 100).toFixed(2)}`;
      for (const { key, way } of places) {
        const shown = expect.poll(() => readPage(way, key), { timeout: 5_000, interval: 20, message: `${way} ${key}` });
        await shown.toContain(price);
      }
      tookMs.push(performance.now() - changedAtMs);
    }
    // The middle one: a busy machine may stop any process for longer than that once.
    expect(tookMs.toSorted((a, b) => a - b)[2]).toBeLessThan(1_000);
  });

  it('200 requests at once for a cold page reach the service once', async () => {
    for (const key of ['en/films/film-1500', 'zh/films/page-40']) {
      const before = await shop.asked();
      const answers = await Promise.all(Array.from({ length: 200 }, () => readPage('cache', key)));
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toContain('film-');
      expect((await shop.asked()) - before).toBe(1);
    }
  });

  it('a page in Redis is not asked of the service', async () => {
    await readPage('app', 'en/films/film-1600');
    const before = await shop.asked();
    const answer = await get('cache', 'en/films/film-1600');
    expect(answer.headers.get('x-page-from')).toBe('redis');
    expect(await shop.asked()).toBe(before);
    await answer.text();
  });

  it('HTML in a title is text on the page, in every way', async () => {
    const title = `<script>alert("1")</script> & '{{price}}' <b>七武士</b>`;
    await tell({ id: 'film-1700', title, priceCents: 499, version: 50, genre: '<i>Drama</i>' });
    const written =
      '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;{{price}}&#39; &lt;b&gt;七武士&lt;/b&gt;';
    for (const way of WAY) {
      await expect.poll(() => readPage(way, 'en/films/film-1700'), { timeout: 5_000 }).toContain(`<h1>${written}</h1>`);
      const html = await readPage(way, 'en/films/film-1700');
      expect(html).not.toContain('<script');
      expect(html).not.toContain('<i>');
    }
  });

  it('a message that comes late changes nothing', async () => {
    const film = { id: 'film-1701', title: 'Twice told', priceCents: 7_77, version: 90 };
    await tell(film);
    for (const way of WAY) {
      await expect.poll(() => readPage(way, 'en/films/film-1701'), { timeout: 5_000 }).toContain('$7.77');
    }
    const late = [1, 2, 3, 89].map((version) => ({ ...film, priceCents: 1_00 + version, version }));
    for (const old of late) await tell(old);
    await tell({ ...film, id: 'film-1702' });
    await expect.poll(() => readPage('files', 'zh/films/film-1702'), { timeout: 5_000 }).toContain('$7.77');
    for (const way of WAY) expect(await readPage(way, 'en/films/film-1701')).toContain('$7.77');
    expect(readFileSync(join(shop.folder, 'en/films/film-1701.html'), 'utf8')).toContain('$7.77');
  });

  it('pages come while Redis is dead, new prices too, and Redis has them when it is back', async () => {
    await redis?.kill();
    for (const way of WAY) {
      expect((await get(way, 'en/films/film-0001')).status).toBe(200);
      expect(await readPage(way, 'en/films/film-2000')).toContain('film');
    }
    await shop.change('film-0001', 44_44);
    for (const way of WAY) {
      await expect.poll(() => readPage(way, 'en/films/film-0001'), SOON).toContain('$44.44');
    }
    await redis?.start();
    await expect
      .poll(async () => (await get('cache', 'en/films/film-0001')).headers.get('x-page-from'), { timeout: 5_000 })
      .toBe('redis');
    for (const way of WAY) expect(await readPage(way, 'en/films/film-0001')).toContain('$44.44');
  });

  it('without the service pages come from files and Redis, and without Redis too as they were', async () => {
    const from = async () => (await get('cache', 'zh/films/film-2100')).headers.get('x-page-from');
    await from();
    await shop.kill();
    await expect.poll(from, { timeout: 2_000 }).toBe('redis');
    await redis?.kill();
    await expect.poll(from, { timeout: 2_000 }).toBe('stale');
    expect((await get('cache', 'zh/films/film-2100')).status).toBe(200);
    expect((await get('files', 'zh/films/film-0001')).status).toBe(200);
  });
});
