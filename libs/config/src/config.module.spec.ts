import 'reflect-metadata';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigModule } from './config.module.ts';
import { Settings } from './settings.ts';

class OrderSettings extends Settings(z.object({ maxItems: z.number().default(20) })) {}
class MailSettings extends Settings(z.object({ from: z.string().default('us') }), { section: 'mail' }) {}

@Injectable()
class Orders {
  constructor(
    readonly settings: OrderSettings,
    readonly mail: MailSettings,
  ) {}
}

async function inFolder(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rookery-module-'));
  try {
    await work(join(folder, 'orders.yaml'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const application = (file: string) => {
  @Module({
    imports: [
      ConfigModule.forRoot({ service: 'orders', url: `file:${file}` }),
      ConfigModule.forFeature(OrderSettings, MailSettings),
    ],
    providers: [Orders],
  })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
};

it('injects typed settings that change while the service runs, all or none', () =>
  inFolder(async (file) => {
    await writeFile(file, 'maxItems: 5');
    const app = await application(file);
    const { settings, mail } = app.get(Orders);
    expect([settings.value.maxItems, mail.value.from]).toEqual([5, 'us']);
    await writeFile(file, 'maxItems: 6\nmail: { from: 7 }');
    await writeFile(file, 'maxItems: 7\nmail: { from: them }');
    await expect.poll(() => [settings.value.maxItems, mail.value.from]).toEqual([7, 'them']);
    await app.close();
  }));

it('stops the start-up with the path of a wrong value', () =>
  inFolder(async (file) => {
    await writeFile(file, 'mail: { from: 7 }');
    await expect(application(file)).rejects.toThrow('mail.from: expected text, received number');
  }));
