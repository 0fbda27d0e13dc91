import { Global, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { RegistryClient } from '@rookery/discovery';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from './app.module.ts';
import { documentOf, type FakeService, fakeService } from './testing/fake-service.ts';
import { HandFedRegistry } from './testing/hand-fed-registry.ts';

const registry = new HandFedRegistry();

@Global()
@Module({ providers: [{ provide: RegistryClient, useValue: registry }], exports: [RegistryClient] })
class TestRegistryModule {}

@Module({ imports: [TestRegistryModule, AppModule] })
class TestModule {}

let app: INestApplication;
let origin: string;
const running: FakeService[] = [];

beforeAll(async () => {
  app = await NestFactory.create(TestModule, new ExpressAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  origin = await app.getUrl();
});

afterEach(async () => {
  for (const { instance } of running) registry.set(instance.service);
  await Promise.all(running.splice(0).map((service) => service.close()));
});

afterAll(() => app.close());

async function register(...args: Parameters<typeof fakeService>): Promise<FakeService> {
  const service = await fakeService(...args);
  running.push(service);
  registry.set(service.instance.service, service.instance);
  return service;
}

async function listed(): Promise<Array<Record<string, unknown>>> {
  const response = await fetch(`${origin}/docs/services.json`);
  return ((await response.json()) as { services: Array<Record<string, unknown>> }).services;
}

describe('the documentation centre', () => {
  it('lists a service that comes later, and forgets one that goes, without a restart', async () => {
    expect(await listed()).toEqual([]);
    await register('films', documentOf('Films'));
    await expect.poll(listed).toEqual([
      {
        name: 'films',
        title: 'Films',
        versions: ['1.0.0'],
        instances: 1,
        document: { state: 'ok' },
        internal: false,
        readable: true,
        url: '/docs/specs/films.json',
      },
    ]);
    registry.set('films');
    expect(await listed()).toEqual([]);
    expect(registry.watched).toEqual([]);
  });

  it('shows why a document is not at hand, and the other services all the same', async () => {
    await register('films', documentOf('Films'));
    await register('broken', (_request, response) => response.writeHead(500).end('secret stack'));
    await register('plain', documentOf('Plain'), {});
    await expect.poll(listed).toMatchObject([
      { name: 'broken', document: { state: 'unreachable', code: 'DOCS_STATUS' }, readable: false },
      { name: 'films', document: { state: 'ok' } },
      { name: 'plain', document: { state: 'none' }, versions: [], instances: 1 },
    ]);
    expect(JSON.stringify(await listed())).not.toContain('secret');
  });

  it('does not wait for services that hang', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await register(name, () => {});
    const startedAtMs = performance.now();
    const states = (await listed()).map(({ document }) => document);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    expect(states).toEqual(Array(6).fill({ state: 'waiting' }));
  });

  it('serves a document that calls the gateway, and 304 for the same one', async () => {
    await register('films', documentOf('Films'));
    const url = `${origin}/docs/specs/films.json`;
    await expect.poll(async () => (await fetch(url)).status).toBe(200);
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(((await response.json()) as { servers: unknown }).servers).toEqual([{ url: '/' }]);
    const again = await request(url, { headers: { 'if-none-match': response.headers.get('etag') ?? '' } });
    await again.body.dump();
    expect(again.statusCode).toBe(304);
  });

  it.each(['/docs/specs/nobody.json', '/docs/specs/..%2Fpackage.json', '/docs/page/app.module.js'])(
    'has nothing at %s',
    async (path) => {
      expect((await fetch(`${origin}${path}`)).ok).toBe(false);
    },
  );

  it.each(['package.json', '..%2Fpackage.json', 'absent.js'])('gives no asset %s', async (file) => {
    expect((await fetch(`${origin}/docs/assets/${file}`)).ok).toBe(false);
  });

  it.each(['/docs', '/docs/'])(
    'is a page at %s that loads nothing from elsewhere and runs nothing inline',
    async (path) => {
      const response = await fetch(`${origin}${path}`);
      expect(response.status).toBe(200);
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain('unsafe');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('x-powered-by')).toBeNull();
      const page = await response.text();
      const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
      expect(links.every((link) => link.startsWith('/docs'))).toBe(true);
      expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
      const files = links.filter((link) => /\.(js|css|svg)$/.test(link));
      expect(files).toHaveLength(8);
      for (const file of files) expect((await fetch(`${origin}${file}`)).status, file).toBe(200);
    },
  );

  it('speaks Chinese to who asks for it, and remembers the switch', async () => {
    const language = async (
      headers: Record<string, string>,
      query = '',
    ): Promise<[string | undefined, string | null]> => {
      const response = await fetch(`${origin}/docs${query}`, { headers });
      return [/<html lang="([^"]+)"/.exec(await response.text())?.[1], response.headers.get('set-cookie')];
    };
    expect(await language({})).toEqual(['en', null]);
    expect(await language({ 'accept-language': 'zh-CN,en;q=0.5' })).toEqual(['zh-CN', null]);
    const [switched, cookie] = await language({}, '?lang=zh');
    expect(switched).toBe('zh-CN');
    expect(await language({ cookie: cookie?.split(';')[0] ?? '' })).toEqual(['zh-CN', null]);
    expect(await language({ cookie: cookie?.split(';')[0] ?? '' }, '?lang=en')).toEqual(['en', expect.any(String)]);
  });
});
