import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { ConfigModule, Settings } from '@rookery/config';
import { Upstreams } from '@rookery/discovery';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';

class PageSettings extends Settings(z.object({ pageSize: z.number().default(20) })) {}

@Module({ imports: [ConfigModule.forFeature(PageSettings)] })
class ShopModule {}

let folder: string;
let file: string;
let service: RunningService;
const release = (balance: object) => writeFile(file, JSON.stringify({ balance }));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shop-'));
  file = join(folder, 'settings.json');
  await release({ catalog: 'round-robin' });
  vi.stubEnv('CONFIG_URL', `file:${file}`);
  const environment = { LOG_LEVEL: 'silent', DISCOVERY_URL: 'static:catalog=127.0.0.1:3000,orders=127.0.0.1:3001' };
  service = await createService(ShopModule, { name: 'shop' }, { environment });
});
afterAll(async () => {
  await service.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

it('settings say how calls to a service are spread, also while it runs; a wrong one changes nothing', async () => {
  const upstreams = service.app.get(Upstreams, { strict: false });
  const algorithms = () => ['catalog', 'orders'].map((name) => upstreams.of(name).balance.algorithm);
  expect(algorithms()).toEqual(['round-robin', 'p2c']);
  await release({ orders: { algorithm: 'maglev', sticky: { header: 'X-User' } } });
  await expect.poll(algorithms, { timeout: 10_000 }).toEqual(['p2c', 'maglev']);
  await release({ catalog: 'fastest' });
  await release({ orders: { algorithm: 'maglev', sticky: { header: 'X-User' } }, catalog: 'least-request' });
  await expect.poll(algorithms, { timeout: 10_000 }).toEqual(['least-request', 'maglev']);
});
