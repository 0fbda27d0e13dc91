import { expect, test } from 'vitest';
import { call, eventually } from '../e2e/client.ts';
import { Shop } from '../e2e/shop.ts';
import { sharedPlatform } from '../platform/shared.ts';

const platform = sharedPlatform();
const shop = new Shop(platform.gatewayUrl);

/** The time that a caller of orders may be kept waiting for a refusal, in ms. */
const BUDGET_MS = 5_000;

test('catalog wholly down: the breaker opens, callers get a 503 in time, and all is well once it is back', async () => {
  await platform.instances('catalog', 2);
  const filmId = await shop.someFilmId();
  await platform.suspend('catalog');
  try {
    const refusals = await eventually('the breaker opens', async () => {
      const startedAtMs = Date.now();
      const answer = await shop.order(filmId);
      const tookMs = Date.now() - startedAtMs;
      expect(answer.status).toBe(503);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(tookMs).toBeLessThan(BUDGET_MS);
      return answer.body.code === 'CIRCUIT_OPEN' ? { tookMs } : undefined;
    });
    expect(refusals.tookMs).toBeLessThan(500);
  } finally {
    await platform.resume('catalog');
  }
  const placed = await eventually('orders are placed again', async () => {
    const answer = await shop.order(filmId);
    return answer.status === 201 ? answer : undefined;
  });
  await shop.fulfilled(placed.body.id);
  expect((await call(`${platform.gatewayUrl}/api/catalog/films?page=1`)).status).toBe(200);
});
