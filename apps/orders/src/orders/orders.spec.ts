import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderFulfilled, orderPlaced } from '@rookery/contracts';
import { createMessaging, type Delivery, type Messaging } from '@rookery/messaging';
import { startTestIssuer, type TestIssuer } from '@rookery/security/testing';
import { startPostgres } from '@rookery/servers';
import { createService, type RunningService } from '@rookery/service';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppModule } from '../app.module.ts';
import { catalog, startCatalogStandIn } from '../testing/catalog-stand-in.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('orders', () => {
  let folder: string;
  let films: Awaited<ReturnType<typeof startCatalogStandIn>>;
  let service: RunningService;
  let messaging: Messaging;
  let issuer: TestIssuer;
  const published: Delivery[] = [];

  const settings = (values: object) => writeFile(join(folder, 'orders.json'), JSON.stringify(values));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rookery-orders-'));
    films = await startCatalogStandIn();
    issuer = await startTestIssuer();
    await settings({});
    Object.assign(process.env, {
      DATABASE_URL: await postgres?.createDatabase('orders'),
      MESSAGING_URL: await postgres?.createDatabase('messaging'),
      DISCOVERY_URL: `static:catalog=127.0.0.1:${films.port}+${films.port}`,
      CONFIG_URL: `file:${folder}`,
      AUTH_ISSUER_URL: issuer.issuer,
      LOG_LEVEL: 'silent',
    });
    messaging = await createMessaging();
    await messaging.subscribe({ group: 'listener', topics: [orderPlaced.name] }, async (delivery) => {
      published.push(delivery);
    });
    service = await createService(AppModule, { name: 'orders' });
  });
  afterAll(async () => {
    await service?.close();
    await messaging?.close();
    await issuer?.close();
    films?.kill();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    catalog.handle = async () => {};
  });

  const url = (path = '') => `${service.urls.http}/api/orders${path}`;
  const request = async (path: string, init: RequestInit = {}) => {
    const headers = { ...issuer.bearer('order:create,show'), ...init.headers };
    const response = await fetch(url(path), { ...init, headers });
    // biome-ignore lint/suspicious/noExplicitAny: foreign JSON, asserted by the test that reads it
    return { status: response.status, headers: response.headers, body: (await response.json()) as any };
  };
  const order = (
    body: unknown = { items: [{ filmId: 'film-0001', quantity: 2 }] },
    headers: Record<string, string> = {},
  ) =>
    request('', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const lines = (count: number) => ({ items: Array(count).fill({ filmId: 'film-0001', quantity: 1 }) });

  it('are placed with their items and total, told of, and published', async () => {
    const { status, headers, body } = await order({
      items: [
        { filmId: 'film-0002', quantity: 1 },
        { filmId: 'film-0001', quantity: 2 },
      ],
    });
    expect(status).toBe(201);
    expect(body).toEqual({ id: expect.any(String), status: 'placed' });
    expect(headers.get('location')).toBe(`/api/orders/${body.id}`);
    const shown = await request(`/${body.id}`);
    expect(shown.body).toMatchObject({
      id: body.id,
      status: 'placed',
      totalCents: 3297,
      items: [
        { filmId: 'film-0002', title: 'First Love, Last Rites', quantity: 1, priceCents: 1099 },
        { filmId: 'film-0001', title: 'The Land Girls', quantity: 2, priceCents: 1099 },
      ],
    });
    const message = await vi.waitFor(
      () => {
        const found = published.find(({ payload }) => orderPlaced.schema.parse(payload).orderId === body.id);
        if (!found) throw new Error('not published');
        return found;
      },
      { timeout: 10_000 },
    );
    expect(orderPlaced.schema.parse(message.payload).totalCents).toBe(3297);
    const list = await request('?pageSize=1');
    expect(list.body).toMatchObject({ items: [{ id: body.id, status: 'placed' }], page: 1 });
  });

  it('are fulfilled when that is heard, once, and stay so', async () => {
    const { body } = await order();
    const fulfilled = (at: string) =>
      messaging.publish([
        {
          id: crypto.randomUUID(),
          topic: orderFulfilled.name,
          payload: { orderId: body.id, fulfilledAt: at },
          headers: {},
          occurredAtMs: Date.now(),
        },
      ]);
    await fulfilled('2026-01-01T00:00:00.000Z');
    await vi.waitFor(async () => expect((await request(`/${body.id}`)).body.status).toBe('fulfilled'), {
      timeout: 10_000,
    });
    await fulfilled('2026-02-02T00:00:00.000Z');
    const marker = await order();
    await messaging.publish([
      {
        id: crypto.randomUUID(),
        topic: orderFulfilled.name,
        payload: { orderId: marker.body.id, fulfilledAt: '2026-02-02T00:00:00.000Z' },
        headers: {},
        occurredAtMs: Date.now(),
      },
    ]);
    await vi.waitFor(async () => expect((await request(`/${marker.body.id}`)).body.status).toBe('fulfilled'), {
      timeout: 10_000,
    });
    expect((await request(`/${body.id}`)).body.fulfilledAt).toBe('2026-01-01T00:00:00.000Z');
  });

  it('answer a key that came before with the first result, also when both come at once', async () => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => order(undefined, key)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(1);
    const other = await order(lines(1), key);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await order(undefined, { 'idempotency-key': 'a b' })).toMatchObject({ status: 400 });
  });

  it('are placed and shown for those only whose token grants it', async () => {
    expect(await order(undefined, { authorization: '' })).toMatchObject({ status: 401 });
    const shows = issuer.bearer('order:show');
    expect(await order(undefined, shows)).toMatchObject({ status: 403, body: { code: 'PERMISSION_MISSING' } });
    expect(await request('', { headers: shows })).toMatchObject({ status: 200 });
    expect(await request('', { headers: issuer.bearer('film:*') })).toMatchObject({ status: 403 });
    const bare = await fetch(url(), { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(bare.headers.get('www-authenticate')).toBe('Bearer');
    expect(await bare.json()).toMatchObject({ code: 'TOKEN_MISSING', status: 401 });
  });

  it('name the films that do not exist', async () => {
    const { status, body } = await order({ items: [{ filmId: 'no-such-film', quantity: 1 }] });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'FILM_UNKNOWN',
      filmIds: ['no-such-film'],
      detail: 'No film has the id "no-such-film".',
    });
  });

  it.each([
    ['{}', 'items'],
    ['{"items":[]}', 'items'],
    ['{"items":[{"filmId":"film-0001","quantity":"2"}]}', 'items[0].quantity'],
    ['{"items":[{"filmId":"film-0001","quantity":0}]}', 'items[0].quantity'],
    ['{"items":[{"filmId":"film-0001","quantity":1,"price":0}]}', 'items[0]'],
  ])('refuse %s at %s', async (json, path) => {
    const { status, body } = await order(JSON.parse(json));
    expect(status).toBe(400);
    expect(body.issues[0].path).toBe(path);
  });

  it('that are unknown are 404, and an id that is none 400', async () => {
    expect(await request(`/${crypto.randomUUID()}`)).toMatchObject({ status: 404, body: { code: 'ORDER_UNKNOWN' } });
    expect(await request('/nonsense')).toMatchObject({ status: 400, body: { issues: [{ path: 'id' }] } });
  });

  it('follow a setting that changes, and keep the old one when the new one is wrong', async () => {
    expect((await order(lines(3))).status).toBe(201);
    await settings({ maxItemsPerOrder: 2 });
    await vi.waitFor(
      async () => expect(await order(lines(3))).toMatchObject({ status: 400, body: { code: 'ORDER_TOO_LARGE' } }),
      {
        timeout: 5_000,
      },
    );
    await settings({ maxItemsPerOrder: 'many' });
    await settings({ maxItemsPerOrder: 1 });
    await vi.waitFor(async () => expect((await order(lines(2))).status).toBe(400), { timeout: 5_000 });
    await settings({});
    await vi.waitFor(async () => expect((await order(lines(3))).status).toBe(201), { timeout: 5_000 });
  });

  it('are placed by the example of the docs as it stands', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: foreign JSON, asserted by the test that reads it
    const document = (await (await fetch(`${service.urls.http}/openapi.json`)).json()) as any;
    const { example } = document.paths['/api/orders'].post.requestBody.content['application/json'].schema;
    expect(await order(example)).toMatchObject({ status: 201 });
  });

  it('are refused in time while the catalog hangs or is away, at once when the breaker is open, and placed again after', async () => {
    catalog.handle = () => new Promise(() => {});
    const startedAtMs = performance.now();
    const hanging = await order();
    expect(hanging).toMatchObject({ status: 503, body: { code: 'CATALOG_UNAVAILABLE' } });
    expect(Number(hanging.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(performance.now() - startedAtMs).toBeLessThan(4_000);
    films.kill();
    await vi.waitFor(async () => expect(await order()).toMatchObject({ status: 503, body: { code: 'CIRCUIT_OPEN' } }), {
      timeout: 5_000,
    });
    const known = await order(undefined, { 'idempotency-key': 'while-away' });
    expect(known.status).toBe(503);
    catalog.handle = async () => {};
    films = await startCatalogStandIn(films.port);
    await vi.waitFor(async () => expect((await order()).status).toBe(201), { timeout: 10_000, interval: 100 });
  });
});
