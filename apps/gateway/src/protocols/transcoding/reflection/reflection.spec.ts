import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LibraryServer, type ReflectionManner } from '../../../testing/library-server.ts';
import { type Rig, startRig, until } from '../../../testing/rig.ts';

let rig: Rig;
const servers: LibraryServer[] = [];

const by = (more: object = {}) => ({ name: 'transcode', reflection: {}, ...more });

beforeAll(async () => {
  rig = await startRig({
    routes: [
      {
        id: 'named',
        path: '/v1/{service}/**',
        service: '{service}',
        filters: [{ name: 'strip-prefix', segments: 2 }, by()],
      },
      {
        id: 'auto',
        path: '/{service}/test.library.v1.Library/{method}',
        service: '{service}',
        filters: [{ name: 'strip-prefix', segments: 1 }, by({ autoMapping: true })],
      },
      {
        id: 'quick',
        path: '/quick/**',
        service: 'quick',
        filters: [{ name: 'strip-prefix', segments: 1 }, by({ reflection: { refreshMs: 100 } })],
      },
    ],
  });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.kill();
});
afterAll(() => rig.close());

async function serve(manner: ReflectionManner): Promise<LibraryServer> {
  const server = await LibraryServer.start(0, manner);
  servers.push(server);
  return server;
}

async function ask(path: string, body?: unknown) {
  const response = await fetch(rig.url + path, {
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
}

describe('with nothing but the route, a service is asked how its methods are called', () => {
  it.each(['v1', 'v1alpha'] as const)('by reflection %s, with its annotations', async (version) => {
    const service = `library-${version}`;
    const server = await serve(version);
    rig.registry.setGrpc(service, server.port);
    const { status, json } = await ask(`/v1/${service}/v1/shelves/a%20b/books/7?view.whole=true&view.parts=x`);
    expect([status, json()]).toEqual([
      200,
      {
        name: 'books/7',
        title: 'A book',
        copies: '9007199254740993',
        kind: 'ATLAS',
        published: '2023-11-14T22:13:20.500Z',
        subtitle: 'of maps',
        cover: 'AP8Q',
        tags: ['a', 'b'],
        ratings: { good: 5 },
        pageCount: 0,
        person: 'ada',
      },
    ]);
    expect(server.seen[0]?.request).toEqual({ shelf: 'a b', bookId: '7', view: { whole: true, parts: ['x'] } });
    expect((await ask(`/v1/${service}/v1/books/9/title`)).text).toBe('"title of 9"');
    const book = { title: 'Maps', published: '2024-02-29T00:00:00Z', page_count: 7, ratings: { a: 1 }, person: 'bob' };
    expect((await ask(`/v1/${service}/v1/shelves/s/books?dryRun=true`, book)).json()).toEqual({
      title: 'Maps',
      published: '2024-02-29T00:00:00.000Z',
      pageCount: 7,
      ratings: { a: 1 },
      person: 'bob',
    });
    expect((await ask(`/v1/${service}/v1/books?count=2`)).text.trim().split('\n')).toHaveLength(2);
    expect((await ask(`/v1/${service}/v1/shelves/s/books`, { pageCount: 'x' })).json().code).toBe('MESSAGE_INVALID');
    expect((await ask(`/v1/${service}/v1/films`)).status).toBe(404);
  });

  it('as the package @grpc/reflection serves it, which has no annotations: by the names of the methods', async () => {
    rig.registry.setGrpc('plain', (await serve('plain')).port);
    expect((await ask('/plain/test.library.v1.Library/Plain', { text: 'hi' })).json()).toEqual({ text: 'hi' });
    const got = await ask('/plain/test.library.v1.Library/GetBook', { book_id: '3', view: { parts: ['a'] } });
    expect(got.json()).toMatchObject({ name: 'books/3', ratings: { good: 5 }, pageCount: 0 });
  });
});

describe('what a service has told', () => {
  it('is kept: many requests at once ask it once', async () => {
    const server = await serve('v1');
    rig.registry.setGrpc('kept', server.port);
    const first = await Promise.all(Array.from({ length: 20 }, () => ask('/v1/kept/v1/books/1')));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
    const { reflected } = server;
    await Promise.all(Array.from({ length: 20 }, () => ask('/v1/kept/v1/books/1')));
    expect(server.reflected).toBe(reflected);
  });

  it('is asked for anew when its instances are others, while what is known serves on', async () => {
    const old = await serve('v1');
    rig.registry.setGrpc('changing', old.port);
    expect((await ask('/v1/changing/v1/books/1')).status).toBe(200);
    const next = await serve('v1');
    rig.registry.setGrpc('changing', next.port);
    old.kill();
    expect((await ask('/v1/changing/v1/books/1')).status).toBe(200);
    await until('the new instance is asked', () => next.reflected > 0);
  });

  it('is asked for anew after a while, and stays where nobody answers', async () => {
    const server = await serve('v1');
    rig.registry.setGrpc('quick', server.port);
    expect((await ask('/quick/v1/books/1')).status).toBe(200);
    const { reflected } = server;
    await until('it is asked again', async () => {
      expect((await ask('/quick/v1/books/1')).status).toBe(200);
      return server.reflected > reflected;
    });
    const silent = await serve('none');
    rig.registry.setGrpc('quick', silent.port);
    for (let round = 0; round < 5; round++) expect((await ask('/quick/v1/books/1')).status).toBe(200);
  });
});

describe('a service that cannot be asked', () => {
  it('because it has no reflection is 501, and asked again later', async () => {
    const server = await serve('none');
    rig.registry.setGrpc('mute', server.port);
    expect((await ask('/v1/mute/v1/books/1')).json()).toMatchObject({ status: 501, code: 'REFLECTION_MISSING' });
    expect((await ask('/v1/mute/v1/books/1')).json()).toMatchObject({ status: 501, code: 'REFLECTION_MISSING' });
    rig.registry.setGrpc('mute', (await serve('v1')).port);
    await until('it answers', async () => (await ask('/v1/mute/v1/books/1')).status === 200);
  });

  it('because it has no instance, or no gRPC port, says so', async () => {
    rig.registry.setGrpc('empty');
    expect((await ask('/v1/empty/v1/books/1')).json()).toMatchObject({ status: 503, code: 'NO_INSTANCE' });
    rig.registry.set('http-only', 1);
    expect((await ask('/v1/http-only/v1/books/1')).json()).toMatchObject({ status: 501, code: 'GRPC_UNSUPPORTED' });
    expect((await ask('/v1/unknown/v1/books/1')).json()).toMatchObject({ status: 404, code: 'SERVICE_UNKNOWN' });
  });
});

beforeEach(() => until('nothing is in flight', () => rig.gateway.inFlight === 0));

it('a filter has either files or reflection', async () => {
  const withFilter = (filter: object) =>
    startRig({ routes: [{ id: 'a', path: '/v1/**', service: 'a', filters: [{ name: 'transcode', ...filter }] }] });
  await expect(withFilter({})).rejects.toThrow(/either proto or reflection/);
  await expect(withFilter({ proto: ['a.proto'], reflection: {} })).rejects.toThrow(/either proto or reflection/);
});
