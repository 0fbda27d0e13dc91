import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { ConfigModule, Settings } from '@rookery/config';
import { RegistryClient, Upstreams } from '@rookery/discovery';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';
import { packageFacts } from './package-facts.ts';

class FilmSettings extends Settings(z.object({ pageSize: z.number().int().default(20) })) {}

@Controller()
class FilmsController {
  constructor(@Inject(FilmSettings) private readonly settings: FilmSettings) {}

  @Get()
  read(): object {
    return this.settings.value;
  }
}

@Module({ imports: [ConfigModule.forFeature(FilmSettings)], controllers: [FilmsController] })
class FilmsModule {}

@Module({})
class EmptyModule {}

let folder: string;
let service: RunningService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'films-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await service?.close();
});
afterAll(() => rm(folder, { recursive: true }));

describe('an application', () => {
  it('gets the configuration module that its settings classes need', async () => {
    const file = join(folder, 'settings.json');
    await writeFile(file, '{"pageSize": 7}');
    vi.stubEnv('CONFIG_URL', `file:${file}`);
    service = await createService(
      FilmsModule,
      { name: 'films', without: ['discovery'] },
      { environment: { LOG_LEVEL: 'silent' } },
    );
    expect(await (await fetch(`${service.urls.http}/api/films`)).json()).toEqual({ pageSize: 7 });
  });

  it('gets a registry client and its upstreams, and registers with it', async () => {
    service = await createService(
      EmptyModule,
      { name: 'films' },
      { environment: { LOG_LEVEL: 'silent', DISCOVERY_URL: 'static:catalog=127.0.0.1:3000' } },
    );
    expect(await service.app.get(RegistryClient, { strict: false }).services()).toEqual(['catalog']);
    expect(service.app.get(Upstreams, { strict: false })).toBeDefined();
  });
});

describe("a program's version and description", () => {
  it('come from the nearest package.json above it', async () => {
    await writeFile(join(folder, 'package.json'), '{"version": "4.5.6", "description": "Films."}');
    expect(packageFacts(join(folder, 'dist', 'main.js'))).toEqual({ version: '4.5.6', description: 'Films.' });
    expect(packageFacts('/nowhere/main.js')).toEqual({});
  });
});
