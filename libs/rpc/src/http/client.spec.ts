import { Upstreams } from '@rookery/discovery';
import { runWithRequest, startTracing, TIMEOUT_HEADER } from '@rookery/observability';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { z } from 'zod';
import { RpcRuntime } from '../runtime.ts';
import { HandRegistry } from '../testing/hand-registry.ts';
import { answerJson, type HttpTestServer, startHttpServer } from '../testing/http-server.ts';
import { HttpClient } from './client.ts';
import { get, post } from './endpoint.ts';

startTracing();

const Film = z.object({ id: z.string(), title: z.string() });

class FilmsClient extends HttpClient(
  'catalog',
  {
    film: get('/films/:id', { response: Film }),
    copy: get('/films/:id/copies/:number', { response: Film }),
    search: get('/films', { query: z.object({ query: z.string(), page: z.int().optional() }), response: Film }),
    random: get('/films/random', {
      response: Film,
      timeoutMs: 100,
      fallback: () => ({ id: 'none', title: 'Nothing' }),
    }),
    add: post('/films', { body: z.object({ title: z.string() }), response: Film }),
  },
  { breaker: { minimumCalls: 4, openMs: 200 } },
) {}

describe('a declared HTTP client with two instances', () => {
  let servers: HttpTestServer[];
  let registry: HandRegistry;
  let runtime: RpcRuntime;
  let films: FilmsClient;
  const both = (handle: HttpTestServer['handle']) => {
    for (const server of servers) server.handle = handle;
  };
  const requests = () => servers.flatMap((server) => server.requests);

  beforeEach(async () => {
    servers = await Promise.all(['one', 'two'].map(startHttpServer));
    registry = new HandRegistry();
    registry.set(...servers.map(({ instance }) => instance));
    runtime = new RpcRuntime(new Upstreams(registry));
    films = new FilmsClient(runtime);
  });
  afterEach(() => {
    runtime.close();
    for (const server of servers) server.kill();
  });

  it('is typed by its declaration', () => {
    expectTypeOf(films.film).parameter(0).toEqualTypeOf<{ id: string | number }>();
    expectTypeOf(films.film).returns.resolves.toEqualTypeOf<{ id: string; title: string }>();
    expectTypeOf(films.copy).parameter(0).toHaveProperty('number');
    expectTypeOf<Parameters<FilmsClient['random']>['length']>().toEqualTypeOf<0 | 1 | 2>();
  });

  it('asks both, with path, query and body', async () => {
    const titles = await Promise.all(
      Array.from({ length: 20 }, () => films.film({ id: 'a/b c' }).then(({ title }) => title)),
    );
    expect(new Set(titles)).toEqual(new Set(['one', 'two']));
    expect(requests()[0]).toBe('GET /films/a%2Fb%20c');
    await films.search({ query: { query: 'star wars' } });
    expect(requests()).toContain('GET /films?query=star+wars');
    both((request, response, body) =>
      answerJson(response, 201, { id: request.headers['content-type'], ...JSON.parse(body) }),
    );
    expect(await films.add({ body: { title: 'New' } })).toEqual({ id: 'application/json', title: 'New' });
  });

  it('sees no error when one of them is killed under running reads', async () => {
    await Promise.all(Array.from({ length: 10 }, () => films.film({ id: 1 })));
    const [first] = servers;
    if (first) first.handle = () => {};
    const before = requests().length;
    const running = Promise.all(Array.from({ length: 10 }, () => films.film({ id: 1 })));
    await vi.waitFor(() => expect(requests().length).toBe(before + 10));
    first?.kill();
    expect((await running).map(({ title }) => title)).toEqual(Array(10).fill('two'));
  });

  it('does not repeat a change whose connection broke, unless it has an Idempotency-Key', async () => {
    both((_request, response) => response.socket?.destroy());
    await expect(films.add({ body: { title: 'x' } })).rejects.toMatchObject({ code: 'RPC_UNAVAILABLE', status: 503 });
    expect(requests()).toHaveLength(1);
    await films.add({ body: { title: 'x' } }, { headers: { 'Idempotency-Key': 'k' } }).catch(() => {});
    expect(requests().length).toBeGreaterThan(2);
  });

  it('says where an answer is not what was agreed', async () => {
    both((_request, response) => answerJson(response, 200, { id: 7 }));
    await expect(films.film({ id: 1 })).rejects.toMatchObject({ code: 'RPC_UNEXPECTED_ANSWER', status: 502 });
    await expect(films.film({ id: 1 })).rejects.toThrow(/id: .*title: /);
    both((_request, response) => response.end('<html>'));
    await expect(films.film({ id: 1 })).rejects.toThrow(/no JSON/);
  });

  it('brings problem details back as the error that they tell of', async () => {
    both((_request, response) => {
      response.setHeader('retry-after', '3');
      answerJson(
        response,
        404,
        { status: 404, code: 'FILM_UNKNOWN', detail: 'No film.', filmId: '1', traceId: 'x' },
        'application/problem+json',
      );
    });
    await expect(films.film({ id: 1 })).rejects.toMatchObject({
      code: 'FILM_UNKNOWN',
      message: 'No film.',
      status: 404,
      details: { filmId: '1' },
      retryAfterMs: 3_000,
    });
    expect(requests()).toHaveLength(1);
  });

  it('falls back where that is declared, in time', async () => {
    both(() => {});
    const startedAtMs = performance.now();
    expect(await films.random()).toEqual({ id: 'none', title: 'Nothing' });
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    await expect(films.film({ id: 1 }, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'RPC_DEADLINE_EXCEEDED',
      status: 504,
    });
  });

  it("sends what is left of the caller's time", async () => {
    let left = Number.NaN;
    both((request, response) => {
      left = Number(request.headers[TIMEOUT_HEADER]);
      answerJson(response, 200, { id: '1', title: 't' });
    });
    await runWithRequest({ deadlineAtMs: Date.now() + 300 }, () => films.film({ id: 1 }));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(300);
  });

  it('opens its breaker when all fails, and comes back by itself', async () => {
    both((_request, response) => response.writeHead(500).end());
    for (let call = 0; call < 5; call++) await films.film({ id: 1 }).catch(() => {});
    await expect(films.film({ id: 1 })).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', status: 503 });
    both((_request, response) => answerJson(response, 200, { id: '1', title: 't' }));
    await vi.waitFor(() => films.film({ id: 1 }), 2_000);
  });

  it.each([{ id: '..' }, { id: '' }, {}])('sends nothing for the path parameter %j', async (input) => {
    await expect(films.film(input as { id: string })).rejects.toMatchObject({ code: 'RPC_PARAMETER_MISSING' });
    expect(requests()).toEqual([]);
  });
});
