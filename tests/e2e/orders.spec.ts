import { beforeAll, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { Shop } from './shop.ts';

const platform = sharedPlatform();
const shop = new Shop(platform);
let filmId: string;

beforeAll(async () => {
  filmId = await shop.someFilmId();
});

test('the films of a search come as a page', async () => {
  const { status, body } = await shop.films('?query=star+wars&page=1');
  expect(status).toBe(200);
  expect(body).toMatchObject({ page: 1, items: expect.any(Array), total: expect.any(Number) });
  expect(body.total).toBeGreaterThan(3);
  expect(body.items[0]).toMatchObject({ id: expect.any(String), title: expect.stringMatching(/star wars/i) });
});

test('all 3,201 films are there, and pages do not overlap', async () => {
  const [first, second] = await Promise.all([shop.films('?page=1'), shop.films('?page=2')]);
  expect(first.body.total).toBe(3201);
  const ids = [...first.body.items, ...second.body.items].map((film: { id: string }) => film.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an order is placed, told where it stands, and fulfilled', async () => {
  const placed = await shop.order(filmId);
  expect(placed.status).toBe(201);
  expect(placed.body).toMatchObject({ id: expect.any(String), status: 'placed' });
  expect(placed.headers.get('location')).toBe(`/api/orders/${placed.body.id}`);
  const { body } = await shop.fulfilled(placed.body.id);
  expect(body).toMatchObject({ id: placed.body.id, status: 'fulfilled' });
});

test('50 orders at once are 50 fulfilments, none twice', async () => {
  const placed = await Promise.all(Array.from({ length: 50 }, () => shop.placed(filmId)));
  expect(placed.map(({ status }) => status)).toEqual(Array(50).fill(201));
  const ids = placed.map(({ body }) => body.id as string);
  expect(new Set(ids).size).toBe(50);
  await Promise.all(ids.map((id) => shop.fulfilled(id)));
  const rows = await platform.query<{ order_id: string; times: number }>(
    'fulfilment',
    'select order_id, count(*)::int as times from fulfilments where order_id::text = any($1) group by order_id',
    [ids],
  );
  expect(rows).toHaveLength(50);
  expect(rows.filter(({ times }) => times !== 1)).toEqual([]);
});

test('an Idempotency-Key seen before answers the first result again', async () => {
  const headers = { 'idempotency-key': crypto.randomUUID() };
  const [first, racing] = await Promise.all([shop.order(filmId, headers), shop.order(filmId, headers)]);
  const again = await shop.order(filmId, headers);
  expect([first.status, racing.status, again.status]).toEqual([201, 201, 201]);
  expect(new Set([first.body.id, racing.body.id, again.body.id]).size).toBe(1);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
});

test('a trace that a caller began goes through, and the answer names its request', async () => {
  const traceId = 'abcdef0123456789abcdef0123456789';
  const { headers } = await shop.order(filmId, { traceparent: `00-${traceId}-0123456789abcdef-01` });
  expect(headers.get('x-request-id')).toBeTruthy();
  const unknown = await shop.show('00000000-0000-4000-8000-000000000000');
  expect(unknown.status).toBe(404);
  expect(unknown.body.traceId).toMatch(/^[0-9a-f]{32}$/);
});
