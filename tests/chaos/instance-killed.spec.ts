import { expect, test } from 'vitest';
import { call } from '../e2e/client.ts';
import { sharedPlatform } from '../platform/shared.ts';
import { SteadyLoad } from './load.ts';

const platform = sharedPlatform();

test('kill -9 of one of two catalog instances under a steady load: not one failed GET', async () => {
  await platform.instances('catalog', 2);
  const load = new SteadyLoad(100, async () => {
    const { status } = await call(`${platform.gatewayUrl}/api/catalog/films?page=1&pageSize=1`);
    return status === 200 ? undefined : `status ${status}`;
  });
  await load.more(100);
  const [victim] = platform.pids('catalog');
  await platform.kill('catalog', victim);
  await load.more(200);
  await platform.instances('catalog', 2);
  await load.more(100);
  const { sent, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThanOrEqual(400);
  expect(platform.pids('catalog')).not.toContain(victim);
});
