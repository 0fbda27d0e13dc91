import { type FilmChanged, filmChanged } from '@rookery/contracts';
import { createMessaging, type Messaging } from '@rookery/messaging';
import { startTestIssuer, type TestIssuer } from '@rookery/security/testing';
import { startPostgres } from '@rookery/servers';
import { createService, type RunningService } from '@rookery/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../app.module.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('a change of a film', () => {
  let service: RunningService;
  let messaging: Messaging;
  let issuer: TestIssuer;
  const told: FilmChanged[] = [];

  beforeAll(async () => {
    issuer = await startTestIssuer();
    Object.assign(process.env, {
      DATABASE_URL: await postgres?.createDatabase('catalog'),
      MESSAGING_URL: await postgres?.createDatabase('messaging'),
      DISCOVERY_URL: 'static:',
      AUTH_ISSUER_URL: issuer.issuer,
      LOG_LEVEL: 'silent',
    });
    messaging = await createMessaging();
    await messaging.subscribe({ group: 'listener', topics: [filmChanged.name] }, async ({ payload }) => {
      told.push(filmChanged.schema.parse(payload));
    });
    service = await createService(AppModule, { name: 'catalog' });
  });
  afterAll(async () => {
    await service?.close();
    await messaging?.close();
    await issuer?.close();
  });

  const patch = async (id: string, body: unknown, headers = issuer.bearer('film:update')) => {
    const response = await fetch(`${service.urls.http}/api/catalog/films/${id}`, {
      method: 'PATCH',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, body: await response.json() };
  };

  it('gives the film its next version and tells of it, once a change', async () => {
    expect(await patch('film-0001', { priceCents: 1234 })).toMatchObject({
      status: 200,
      body: { id: 'film-0001', priceCents: 1234, version: 2 },
    });
    const prices = Array.from({ length: 20 }, (_, index) => 2_000 + index);
    const changed = await Promise.all(prices.map((priceCents) => patch('film-0001', { priceCents })));
    expect(new Set(changed.map(({ body }) => (body as { version: number }).version)).size).toBe(20);
    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(21);
    const shown = await (await fetch(`${service.urls.http}/api/catalog/films/film-0001`)).json();
    const newest = told.toSorted((a, b) => b.film.version - a.film.version)[0];
    expect(newest?.film).toEqual(shown);
    expect(newest?.film.version).toBe(22);
  });

  it('is for callers who may change films', async () => {
    expect((await patch('film-0002', { priceCents: 1 }, issuer.bearer('order:create'))).status).toBe(403);
    const shown = await (await fetch(`${service.urls.http}/api/catalog/films/film-0002`)).json();
    expect(shown).toMatchObject({ version: 1 });
  });

  it('is refused for a film that is none, and for what is no price', async () => {
    const before = told.length;
    expect(await patch('film-9999', { priceCents: 1 })).toMatchObject({ status: 404, body: { code: 'FILM_UNKNOWN' } });
    for (const wrong of [
      {},
      { priceCents: 0 },
      { priceCents: 1.5 },
      { priceCents: '1' },
      { priceCents: 1, title: 'x' },
    ]) {
      expect(await patch('film-0001', wrong)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    }
    expect(told.length).toBe(before);
  });
});
