import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module, NotFoundException, Param, Query } from '@nestjs/common';
import { ConfigModule, Settings } from '@rookery/config';
import { currentRequest } from '@rookery/observability';
import { explain, Resource, Resources, snapshot } from '@rookery/resilience';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';

class FilmSettings extends Settings(z.object({ pageSize: z.number().default(20) })) {}

@Controller()
class FilmsController {
  @Get('films/:id')
  find(@Param('id') id: string): object {
    if (id === 'none') throw new NotFoundException();
    return { id, entrance: currentRequest().entrance };
  }

  @Get('films')
  list(@Query('page') page: string): object {
    return { page };
  }

  @Resource('search')
  @Get('search')
  search(): object {
    throw new Error('the index is broken');
  }
}

@Module({ imports: [ConfigModule.forFeature(FilmSettings)], controllers: [FilmsController] })
class FilmsModule {}

const QUIET = { environment: { LOG_LEVEL: 'silent' } };

let folder: string;
let file: string;
let service: RunningService;
let resources: Resources;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'films-'));
  file = join(folder, 'settings.json');
});
afterAll(() => rm(folder, { recursive: true }));

const release = (rules: object) => writeFile(file, JSON.stringify({ resilience: { rules } }));
const get = async (path: string) => {
  const answer = await fetch(`${service.urls.http}/api/films/${path}`);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
};

/** The first events of a stream, which is left then. */
async function firstOf(path: string, begin: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const request = httpGet(service.urls.http + path, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const [event] = text.slice(begin.length).split('\n\n');
      if (!text.startsWith(begin) || !text.slice(begin.length).includes('\n\n')) return;
      resolve([response.headers['content-type'], JSON.parse(event ?? '')]);
      request.destroy();
    });
  }).on('error', reject);
  return promise;
}

describe('the handlers of a service', () => {
  beforeEach(async () => {
    await release({});
    vi.stubEnv('CONFIG_URL', `file:${file}`);
    service = await createService(
      FilmsModule,
      { name: 'films', without: ['discovery'] },
      { environment: { LOG_LEVEL: 'silent' } },
    );
    resources = service.app.get(Resources);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();

    await service.close();
  });

  it('are resources by their routes, and by the name that @Resource gives', async () => {
    expect((await get('films/1')).body).toEqual({ id: '1', entrance: 'http:GET /api/films/films/:id' });
    await get('films/none');
    await get('search');
    const seen = Object.fromEntries(snapshot(resources).map((each) => [each.resource, each]));
    expect(Object.keys(seen).sort()).toEqual(['http:GET /api/films/films/:id', 'search']);
    expect(seen['http:GET /api/films/films/:id']).toMatchObject({ inbound: true, succeeded: 2, failed: 0, running: 0 });
    expect(seen.search).toMatchObject({ succeeded: 0, failed: 1 });
    const state = await fetch(`${service.urls.http}/resilience`);
    expect(await state.json()).toMatchObject({
      resources: expect.arrayContaining([expect.objectContaining({ resource: 'search', failed: 1 })]),
    });
    const of = await fetch(`${service.urls.http}/resilience?resource=search`);
    expect(await of.json()).toMatchObject({ resource: 'search', decisions: [{ decision: 'passed' }] });
    const unknown = await fetch(`${service.urls.http}/resilience?resource=other`);
    expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([404, 'RESOURCE_UNKNOWN']);
    expect(await (await fetch(`${service.urls.http}/metrics`)).text()).toContain(
      'resource_calls_total{resource="search",outcome="failed",service="films"} 1',
    );
  });

  it('are told of in streams: as they stand, and in the format of Hystrix', async () => {
    await get('films/1');
    expect(await firstOf('/resilience/stream', 'data: ')).toMatchObject([
      'text/event-stream;charset=UTF-8',
      { resources: [{ resource: 'http:GET /api/films/films/:id', succeeded: 1, refusals: [] }] },
    ]);
    expect(await firstOf('/hystrix.stream', 'ping: \n\ndata: ')).toMatchObject([
      'text/event-stream;charset=UTF-8',
      {
        type: 'HystrixCommand',
        name: 'http:GET /api/films/films/:id',
        group: 'films',
        rollingCountSuccess: 1,
        isCircuitBreakerOpen: false,
      },
    ]);
  });

  it('are streamed to so many readers and no more, and to none once the service goes', async () => {
    const read = await Promise.all(Array.from({ length: 16 }, () => fetch(`${service.urls.http}/resilience/stream`)));
    const one = await fetch(`${service.urls.http}/hystrix.stream`);
    const more = await fetch(`${service.urls.http}/resilience/stream`);
    expect([read.filter(({ ok }) => ok).length, more.status, ((await more.json()) as { code: string }).code]).toEqual([
      16,
      503,
      'STREAMS_FULL',
    ]);
    const [text] = await Promise.all([one.text(), service.close()]);
    expect(text).toContain('ping: ');
  });

  it('obey the rules of the settings as soon as they are released, and the old ones when new ones are wrong', async () => {
    const one = { kind: 'hot-parameter', resource: 'http:GET /api/films/films/:id', parameter: 'id', limit: 0 };
    expect((await get('films/1')).status).toBe(200);
    await release({ one });
    await vi.waitFor(async () => expect((await get('films/1')).status).toBe(429), 10_000);
    const { body, headers } = await get('films/1');
    expect(body).toMatchObject({ code: 'PARAMETER_LIMITED', rule: 'one' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(explain(resources, 'http:GET /api/films/films/:id')?.[0]).toMatchObject({
      decision: 'refused',
      rule: 'one',
    });
    const warn = vi.spyOn(service.logger, 'warn');
    await release({ one: { ...one, limit: 'none' }, two: { kind: 'flow', resource: 'search', limit: 0 } });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.anything(), 'settings.refused'), 10_000);
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ reason: expect.stringContaining('resilience.rules.one.limit') });
    expect([(await get('films/1')).status, (await get('search')).status]).toEqual([429, 500]);
    await release({ two: { kind: 'flow', resource: 'search', limit: 0 } });
    await vi.waitFor(async () => expect((await get('search')).status).toBe(429), 10_000);
    expect((await get('films/1')).status).toBe(200);
  });
});

describe('a service without settings of its own', () => {
  @Module({ controllers: [FilmsController] })
  class PlainModule {}

  beforeEach(() => vi.stubEnv('CONFIG_URL', `file:${file}`));
  afterEach(async () => {
    vi.unstubAllEnvs();
    await service.close();
  });
  const start = async () => {
    service = await createService(PlainModule, { name: 'films', without: ['discovery'] }, QUIET);
    resources = service.app.get(Resources);
  };
  const isRefused = (path: string) =>
    vi.waitFor(
      async () => expect(await get(path)).toMatchObject({ status: 429, body: { code: 'FLOW_LIMITED' } }),
      10_000,
    );

  it('obeys the rules of its section too, with nothing in its code, as soon as they are released', async () => {
    await release({ first: { kind: 'flow', resource: 'search', limit: 0 } });
    await start();
    await isRefused('search');
    await release({ second: { kind: 'flow', resource: 'http:GET /api/films/films/:id', limit: 0 } });
    await isRefused('films/1');
    expect((await get('search')).status).toBe(500);
    const warn = vi.spyOn(service.logger, 'warn');
    await release({ second: { kind: 'flow', resource: 'http:GET /api/films/films/:id', limit: 'none' } });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.anything(), 'settings.refused'), 10_000);
    expect((await get('films/1')).status).toBe(429);
  });

  it('serves without them where they are wrong at its start, and has them once they are right', async () => {
    await release({ first: { kind: 'flow', resource: 'search', limit: -1 } });
    await start();
    expect((await get('search')).status).toBe(500);
    await release({ first: { kind: 'flow', resource: 'search', limit: 0 } });
    await isRefused('search');
  });
});

it('rules that are wrong at the start stop a service with settings with their path', async () => {
  await release({ one: { kind: 'flow', resource: 'x', limit: -1 } });
  vi.stubEnv('CONFIG_URL', `file:${file}`);
  await expect(
    createService(FilmsModule, { name: 'films', without: ['discovery'] }, { environment: { LOG_LEVEL: 'silent' } }),
  ).rejects.toThrow('resilience.rules.one.limit');
  vi.unstubAllEnvs();
});
