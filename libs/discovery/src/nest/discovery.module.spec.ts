import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';
import { Upstreams } from '../balancing/upstreams.ts';
import { DiscoveryModule } from './discovery.module.ts';
import { RegistryClient } from './registry-client.ts';

@Injectable()
class Caller {
  constructor(
    readonly registry: RegistryClient,
    readonly upstreams: Upstreams,
  ) {}
}

@Module({ imports: [DiscoveryModule.forRoot({ url: 'static:catalog=127.0.0.1:3000' })], providers: [Caller] })
class AppModule {}

it('injects the registry and the upstreams, and closes them with the application', async () => {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const { registry, upstreams } = app.get(Caller);
  expect(await registry.services()).toEqual(['catalog']);
  const catalog = upstreams.of('catalog');
  await catalog.ready;
  expect(catalog.pick()?.port).toBe(3000);
  await app.close();
  expect(upstreams.size).toBe(0);
});
