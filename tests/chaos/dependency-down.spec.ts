import { expect, test } from 'vitest';
import { call, eventually } from '../e2e/client.ts';
import { Shop } from '../e2e/shop.ts';
import { sharedPlatform } from '../platform/shared.ts';

const platform = sharedPlatform();
const shop = new Shop(platform);

/** The time that a caller of orders may be kept waiting for a refusal, in ms. */
const BUDGET_MS = 5_000;
/** What a refusal by an open breaker may take: it asks nobody. */
const AT_ONCE_MS = 200;

/** Resolves once the breaker refuses an order at once; until then each refusal is a good one, and in time. */
function breakerOpens(filmId: string): Promise<true> {
  return eventually('the breaker opens', async () => {
    const startedAtMs = Date.now();
    const answer = await shop.order(filmId);
    const tookMs = Date.now() - startedAtMs;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(tookMs).toBeLessThan(BUDGET_MS);
    return answer.body.code === 'CIRCUIT_OPEN' && tookMs < AT_ONCE_MS ? true : undefined;
  });
}

async function isWellAgain(filmId: string): Promise<void> {
  const placed = await eventually('orders are placed again', async () => {
    const answer = await shop.order(filmId);
    return answer.status === 201 ? answer : undefined;
  });
  await shop.fulfilled(placed.body.id);
  expect((await call(`${platform.gatewayUrl}/api/catalog/films?page=1`)).status).toBe(200);
}

test('catalog wholly down: the breaker opens, callers get a 503 in time, and all is well once it is back', async () => {
  await platform.instances('catalog', 2);
  const filmId = await shop.someFilmId();
  await platform.suspend('catalog');
  try {
    await breakerOpens(filmId);
  } finally {
    await platform.resume('catalog');
  }
  await isWellAgain(filmId);
});

test('catalog hangs without closing a connection: the same, and it is used again once it goes on', async () => {
  await platform.instances('catalog', 2);
  const filmId = await shop.someFilmId();
  const frozen = platform.pids('catalog');
  for (const pid of frozen) await platform.kill('catalog', pid, 'SIGSTOP');
  try {
    await breakerOpens(filmId);
  } finally {
    for (const pid of frozen) await platform.kill('catalog', pid, 'SIGCONT');
  }
  await isWellAgain(filmId);
  expect(platform.pids('catalog').sort()).toEqual(frozen.sort());
});
