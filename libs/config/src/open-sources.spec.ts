import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createConfig } from './create-config.ts';
import { openConfigSource, openConfigSources } from './open-sources.ts';

const folder = await mkdtemp(join(tmpdir(), 'rookery-sources-'));
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => void vi.unstubAllEnvs());

it('lay the file of CONFIG_FILE below the place of CONFIG_URL, and the environment above both', async () => {
  await mkdir(join(folder, 'shared'));
  await writeFile(join(folder, 'shared', 'orders.yaml'), 'a: file\nb: file\nc: file');
  await writeFile(join(folder, 'centre.json'), '{"b":"centre","c":"centre"}');
  vi.stubEnv('CONFIG_FILE', join(folder, 'shared'));
  vi.stubEnv('CONFIG_URL', `file:${join(folder, 'centre.json')}`);
  vi.stubEnv('ORDERS__C', 'environment');
  const config = await createConfig({
    schema: z.object({ a: z.string(), b: z.string(), c: z.string() }),
    sources: await openConfigSources({ service: 'orders' }),
  });
  expect(config.value).toEqual({ a: 'file', b: 'centre', c: 'environment' });
  await config.close();
});

it('is the configuration centre of this machine where CONFIG_URL is unset', async () => {
  vi.stubEnv('CONFIG_URL', undefined);
  const source = await openConfigSource({ service: 'orders' });
  expect(source.name).toBe('config-center http://127.0.0.1:8090');
  await source.close();
});

it('refuses an unknown scheme in one sentence', async () => {
  await expect(openConfigSource({ service: 'orders', url: 'carrier-pigeon://coop' })).rejects.toThrow(
    'CONFIG_URL has the scheme "carrier-pigeon", which no driver serves: use http://host:port of a configuration centre, file:path, consul://, etcd://, nacos://, apollo+http://, spring+http:// or kubernetes://.',
  );
});
