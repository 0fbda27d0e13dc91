import 'reflect-metadata';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ConfigModule } from './config.module.ts';
import { Config, type Live, settingsOf } from './config-decorator.ts';
import { LiveConfig } from './live-config.ts';

const Orders = z.object({
  maxItems: z.int().default(20),
  limits: z.object({ perDay: z.int() }).prefault({ perDay: 3 }),
});
const Mail = z.object({ from: z.string().default('us') });

@Injectable()
class Shop {
  @Config(Mail, { section: 'mail' })
  readonly mail!: Live<typeof Mail>;

  constructor(@Config(Orders) readonly orders: Live<typeof Orders>) {}
}

const mailSettings = settingsOf(Mail, { section: 'mail' });

describe('@Config', () => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  const start = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'rookery-decorator-'));
    folders.push(folder);
    const file = join(folder, 'orders.yaml');
    await writeFile(file, text);
    @Module({
      imports: [
        ConfigModule.forRoot({ service: 'orders', url: `file:${file}` }),
        ConfigModule.forFeature(Orders, mailSettings),
      ],
      providers: [Shop],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await app.init();
    return { app, file, shop: app.get(Shop) };
  };

  it('injects a typed, frozen value into a parameter and a property, and keeps it up to date', async () => {
    const { app, file, shop } = await start('maxItems: 5');
    expect([shop.orders.value, shop.mail.value]).toEqual([{ maxItems: 5, limits: { perDay: 3 } }, { from: 'us' }]);
    expect(shop.orders).toBeInstanceOf(LiveConfig);
    expect(() => Object.assign(shop.orders.value.limits, { perDay: 9 })).toThrow(TypeError);
    const heard: [number, number][] = [];
    const stop = shop.orders.onChange((next, previous) => void heard.push([previous.maxItems, next.maxItems]));
    await writeFile(file, 'maxItems: 6\nmail: { from: them }');
    await expect
      .poll(() => [shop.orders.value.maxItems, shop.mail.value.from], { timeout: 10_000 })
      .toEqual([6, 'them']);
    expect(heard).toEqual([[5, 6]]);
    stop();
    await writeFile(file, 'maxItems: 7');
    await expect.poll(() => shop.orders.value.maxItems, { timeout: 10_000 }).toBe(7);
    expect(heard).toHaveLength(1);
    await app.close();
  });

  it('takes the sources in their order: defaults, file, centres, environment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rookery-order-'));
    folders.push(folder);
    const place = async (name: string, settings: object) => {
      await writeFile(join(folder, `${name}.json`), JSON.stringify(settings));
      return join(folder, `${name}.json`);
    };
    vi.stubEnv('CONFIG_FILE', await place('file', { b: 'file', c: 'file', d: 'file', e: 'file' }));
    const [low, high] = [
      await place('low', { c: 'low', d: 'low', e: 'low' }),
      await place('high', { d: 'high', e: 'high' }),
    ];
    vi.stubEnv('CONFIG_URL', `file:${low} file:${high}`);
    vi.stubEnv('ORDERS__E', 'environment');
    const All = z.object({
      a: z.string().default('default'),
      b: z.string(),
      c: z.string(),
      d: z.string(),
      e: z.string(),
    });
    @Module({ imports: [ConfigModule.forRoot({ service: 'orders' }), ConfigModule.forFeature(All)] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    expect(app.get(settingsOf(All)).value).toEqual({ a: 'default', b: 'file', c: 'low', d: 'high', e: 'environment' });
    await app.close();
    vi.unstubAllEnvs();
  });
});
