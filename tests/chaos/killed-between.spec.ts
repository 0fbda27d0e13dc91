import { beforeAll, expect, test } from 'vitest';
import { eventually } from '../e2e/client.ts';
import { Shop } from '../e2e/shop.ts';
import { sharedPlatform } from '../platform/shared.ts';
import { SteadyLoad } from './load.ts';

const platform = sharedPlatform();
const shop = new Shop(platform);
let filmId: string;

beforeAll(async () => {
  await platform.instances('catalog', 1);
  filmId = await shop.someFilmId();
});

const fulfilments = (ids: string[]): Promise<Array<{ order_id: string; times: number }>> =>
  platform.query(
    'fulfilment',
    'select order_id, count(*)::int as times from fulfilments where order_id::text = any($1) group by order_id',
    [ids],
  );

test('kill -9 of orders between commit and publish: the message is published after the restart, once in effect', async () => {
  // No publish can get through while the engine's table is held, but the order still commits.
  const held = await platform.lockTable('messaging', 'pgboss.job');
  const placed = await shop.order(filmId);
  expect(placed.status).toBe(201);
  const [victim] = platform.pids('orders');
  await platform.kill('orders', victim);
  const waiting = await platform.query<{ count: number }>('orders', 'select count(*)::int as count from outbox');
  expect(waiting[0]?.count).toBeGreaterThan(0);
  await held.release();
  await platform.instances('orders', 1);
  await shop.fulfilled(placed.body.id, 60_000);
  expect(await fulfilments([placed.body.id])).toEqual([{ order_id: placed.body.id, times: 1 }]);
});

test('kill -9 of fulfilment between effect and ack: delivered again, in effect once', async () => {
  const effect = await platform.lockTable('fulfilment', 'fulfilments');
  const placed = await shop.order(filmId);
  await effect.waiters(1);
  const ack = await platform.lockTable('messaging', 'pgboss.job');
  await effect.release();
  await eventually('the effect is committed', async () =>
    (await fulfilments([placed.body.id])).length === 1 ? true : undefined,
  );
  const [victim] = platform.pids('fulfilment');
  await platform.kill('fulfilment', victim);
  await ack.release();
  await platform.instances('fulfilment', 1);
  await shop.fulfilled(placed.body.id, 60_000);
  expect(await fulfilments([placed.body.id])).toEqual([{ order_id: placed.body.id, times: 1 }]);
});

test('kill -9 of Postgres during load: every order that was answered is fulfilled, none twice', async () => {
  const accepted: string[] = [];
  const load = new SteadyLoad(20, async () => {
    const answer = await shop.order(filmId);
    if (answer.status === 201) accepted.push(answer.body.id);
    return answer.status === 201 ? undefined : `status ${answer.status} ${answer.body.code}`;
  });
  await load.more(20);
  await platform.killPostgres();
  const beforeMs = accepted.length;
  await eventually(
    'orders are accepted again',
    async () => (accepted.length > beforeMs + 20 ? true : undefined),
    60_000,
  );
  const { failures } = await load.stop();
  // While Postgres was away callers were told so; nobody was told of a defect of ours.
  expect(failures.filter((failure) => !failure.startsWith('status 503'))).toEqual([]);
  await Promise.all(accepted.map((id) => shop.fulfilled(id, 60_000)));
  const rows = await fulfilments(accepted);
  expect(rows).toHaveLength(accepted.length);
  expect(rows.filter(({ times }) => times !== 1)).toEqual([]);
});
