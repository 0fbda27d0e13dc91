import { Body, Controller, Get, Inject, Module, Post } from '@nestjs/common';
import { currentRequest, currentTraceId, Health, Metrics, ServiceIdentity } from '@rookery/observability';
import { afterEach, describe, expect, it } from 'vitest';
import { createService } from '../create-service.ts';
import { setRoute } from '../http/served-request.ts';
import type { RunningService, ServiceOptions } from '../service-options.ts';
import { FilmsModule } from '../testing/films.ts';

@Controller('context')
class ContextController {
  constructor(@Inject(ServiceIdentity) private readonly identity: ServiceIdentity) {}

  @Get()
  read(): object {
    return { name: this.identity.name, traceId: currentTraceId(), ...currentRequest() };
  }

  @Post()
  afterBody(@Body() body: object): object {
    return { body, traceId: currentTraceId(), ...currentRequest() };
  }
}

@Module({ controllers: [ContextController] })
class ContextModule {}

const services: RunningService[] = [];
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function start(application: new () => object, options: Partial<ServiceOptions> = {}, environment = {}) {
  const service = await createService(
    application,
    { name: 'films', without: ['discovery'], ...options },
    { environment: { LOG_LEVEL: 'silent', ...environment } },
  );
  services.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
});

describe.each(['fastify', 'express'] as const)('a service on %s', (platform) => {
  it('runs each handler in the context that the caller sent, also after the body was read', async () => {
    const { urls } = await start(ContextModule, { platform });
    const headers = {
      traceparent: TRACEPARENT,
      'x-lane': 'blue',
      'x-request-timeout-ms': '5000',
      'content-type': 'application/json',
    };
    for (const init of [{ headers }, { headers, method: 'POST', body: '{"a":1}' }]) {
      const before = Date.now();
      const response = await fetch(`${urls.http}/api/films/context`, init);
      const seen = (await response.json()) as { deadlineAtMs: number };
      expect(seen).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', lane: 'blue' });
      expect(seen.deadlineAtMs - before).toBeGreaterThan(4_000);
      expect(response.headers.get('x-request-id')).toBe('0af7651916cd43dd8448eb211c80319c');
      expect(response.headers.get('traceparent')).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    }
  });

  it('answers the internal endpoints outside of its prefix', async () => {
    const { urls, health } = await start(FilmsModule, { platform });
    const get = async (path: string) => {
      const response = await fetch(urls.http + path);
      return { status: response.status, text: await response.text() };
    };
    expect(await get('/health/live')).toEqual({ status: 200, text: '{"ok":true}' });
    expect((await get('/health/ready')).status).toBe(200);
    health.addCheck('database', () => ({ ok: false, reason: 'no route to host' }));
    expect(await get('/health/ready')).toEqual({
      status: 503,
      text: '{"ok":false,"checks":{"database":{"ok":false,"reason":"no route to host"}}}',
    });
    await get('/api/films/films?page=2');
    await get('/api/films/nothing/here');
    const metrics = await get('/metrics');
    expect(metrics.text).toContain(
      'server_request_duration_seconds_count{service="films",transport="http",method="GET",route="/api/films/films",status="200"} 1',
    );
    expect(metrics.text).not.toMatch('nothing/here');
    expect((await fetch(`${urls.http}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${urls.http}/health/live`, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('a service', () => {
  it('describes itself at /openapi.json, with its schemas and its errors', async () => {
    const { urls } = await start(FilmsModule, { version: '1.2.3', description: 'Films.' });
    const document = (await (await fetch(`${urls.http}/openapi.json`)).json()) as {
      info: object;
      servers: object[];
      paths: Record<string, Record<string, { requestBody?: object; responses: Record<string, object> }>>;
    };
    expect(document.info).toMatchObject({ title: 'films', version: '1.2.3', description: 'Films.' });
    expect(document.servers).toEqual([{ url: '/' }]);
    expect(document.paths['/api/films/orders']?.post?.responses.default).toEqual({
      $ref: '#/components/responses/Problem',
    });
    expect(JSON.stringify(document.paths['/api/films/orders']?.post?.requestBody)).toMatch('filmId');
    expect(Object.keys(document.paths)).not.toContain('/health/live');
  });

  it('gives the application its identity, health and metrics', async () => {
    const { app, health, metrics, instance } = await start(ContextModule, {}, { INSTANCE_ID: 'films-7', ZONE: 'b' });
    expect(app.get(ServiceIdentity)).toMatchObject({ name: 'films', instance: 'films-7', zone: 'b' });
    expect([app.get(Health), app.get(Metrics), instance]).toEqual([health, metrics, 'films-7']);
  });

  it('serves without a prefix, or with another one', async () => {
    const bare = await start(ContextModule, { prefix: false });
    const other = await start(ContextModule, { prefix: 'v1' });
    expect((await fetch(`${bare.urls.http}/context`)).status).toBe(200);
    expect((await fetch(`${other.urls.http}/v1/context`)).status).toBe(200);
  });

  it('lets a raw handler have each request first', async () => {
    const { urls, metrics } = await start(ContextModule, {
      rawHandler: () => (request, response) => {
        if (!request.url?.startsWith('/raw')) return false;
        setRoute(request, '/raw/**');
        response.end(currentTraceId());
        return true;
      },
    });
    const response = await fetch(`${urls.http}/raw/7`, { headers: { traceparent: TRACEPARENT } });
    expect(await response.text()).toBe('0af7651916cd43dd8448eb211c80319c');
    expect((await fetch(`${urls.http}/api/films/context`)).status).toBe(200);
    expect(await metrics.registry.metrics()).toMatch('route="/raw/**"');
  });

  it('answers a raw handler that throws with problem details', async () => {
    const { urls } = await start(ContextModule, {
      rawHandler: () => () => {
        throw new Error('swordfish');
      },
    });
    const response = await fetch(urls.http);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch('swordfish');
  });

  it('opens more ports at the address of its own; where one cannot be had the start fails and nothing stays open', async () => {
    const heard: string[] = [];
    const { urls } = await start(ContextModule, {
      listening: (_app, { address, port }) => void heard.push(`http://${address}:${port}`),
    });
    expect(heard).toEqual([urls.http]);
    let url = '';
    const listening: ServiceOptions['listening'] = async (_app, { address, port }) => {
      url = `http://${address}:${port}`;
      throw new Error('taken');
    };
    await expect(start(ContextModule, { listening })).rejects.toThrow('taken');
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('leaves out what is switched off', async () => {
    const { urls } = await start(ContextModule, {
      without: ['discovery', 'metrics', 'openapi', 'health', 'tracing', 'access-log'],
    });
    for (const path of ['/metrics', '/openapi.json', '/health/live']) {
      expect((await fetch(urls.http + path)).status).toBe(404);
    }
    expect((await fetch(`${urls.http}/api/films/context`)).headers.get('x-request-id')).toBeNull();
  });

  it('keeps a sane request id of the caller, and no other', async () => {
    const { urls } = await start(ContextModule);
    const ask = async (id: string) =>
      (await fetch(`${urls.http}/api/films/context`, { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await ask('my-id-7')).toBe('my-id-7');
    expect(await ask('<script>')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('refuses what it cannot start with, in one sentence', async () => {
    await expect(start(ContextModule, { name: 'Films!' })).rejects.toThrow(/^"Films!" cannot be a service's name/);
    await expect(start(ContextModule, { without: ['discvery' as never] })).rejects.toThrow(/"discvery".*access-log/);
    const { urls } = await start(ContextModule);
    const { port } = new URL(urls.http);
    await expect(start(ContextModule, {}, { PORT: port })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken by another process. Stop that one, or set PORT to another port.`,
    );
    await expect(start(ContextModule, {}, { HOST: '192.0.2.1' })).rejects.toThrow(/cannot listen on 192\.0\.2\.1/);
  });
});
