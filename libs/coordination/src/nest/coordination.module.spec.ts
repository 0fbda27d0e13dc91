import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startPostgres } from '@rookery/servers';
import { afterAll, expect, it } from 'vitest';
import { Coordination } from '../coordination.ts';
import { CoordinationModule } from './coordination.module.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

@Injectable()
class Nightly {
  constructor(readonly coordination: Coordination) {}
}

it.skipIf(!postgres)('injects the coordination client, and closes it with the application', async () => {
  const url = await postgres?.createDatabase();
  @Module({ imports: [CoordinationModule.forRoot(url ? { url } : {})], providers: [Nightly] })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const { coordination } = app.get(Nightly);
  const lock = await coordination.acquire('nightly');
  await app.close();
  expect(lock.held).toBe(false);
  await expect(coordination.acquire('nightly')).rejects.toMatchObject({ code: 'COORDINATION_CLOSED' });
});
