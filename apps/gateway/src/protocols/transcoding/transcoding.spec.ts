import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIBRARY_PROTO, LibraryServer } from '../../testing/library-server.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

let rig: Rig;
let server: LibraryServer;

const transcode = { name: 'transcode', proto: [LIBRARY_PROTO], autoMapping: true };

beforeAll(async () => {
  rig = await startRig({
    routes: [
      { id: 'library', path: '/v1/**', service: 'library', filters: [transcode], timeoutMs: 2_000 },
      { id: 'by-name', path: '/test.library.v1.Library/{method}', service: 'library', filters: [transcode] },
      {
        id: 'under',
        path: '/shop/**',
        service: 'library',
        filters: [{ name: 'strip-prefix', segments: 1 }, transcode],
      },
    ],
  });
  server = await LibraryServer.start();
  rig.registry.setGrpc('library', server.port);
});
afterEach(async () => {
  server.seen.length = 0;
  server.cancelled = 0;
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
});
afterAll(async () => {
  await rig.close();
  server.kill();
});

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(rig.url + path, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

describe('a request with an annotation', () => {
  it('is a call: path and query are fields, and the message comes back as proto3 writes JSON', async () => {
    const { status, headers, json } = await ask(
      'GET',
      '/v1/shelves/a%20b/books/7?view.whole=true&view.parts=x&view.parts=y',
      undefined,
      {
        authorization: 'Bearer t',
        'x-forwarded-for': '6.6.6.6',
      },
    );
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(json()).toEqual({
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
    });
    expect(server.seen[0]?.request).toEqual({ shelf: 'a b', bookId: '7', view: { whole: true, parts: ['x', 'y'] } });
    expect(server.seen[0]?.metadata.getMap()).toMatchObject({
      authorization: 'Bearer t',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(Number(server.seen[0]?.deadline) - Date.now()).toBeLessThanOrEqual(2_000);
  });

  it('has more than one where the annotation says so', async () => {
    expect((await ask('GET', '/v1/books/9')).json().name).toBe('books/9');
    expect((await ask('GET', '/shop/v1/books/9')).json().name).toBe('books/9');
    expect((await ask('GET', '/v1/books/9/title')).text).toBe('"title of 9"');
    expect((await ask('POST', '/v1/books/9:archive', {})).json()).toEqual({});
    expect(server.seen.map(({ call }) => call)).toEqual(['get', 'get', 'title', 'archive']);
  });

  it('takes its body as one field, or as the whole message', async () => {
    const book = {
      title: 'Maps',
      copies: '12',
      kind: 'NOVEL',
      published: '2024-02-29T00:00:00Z',
      page_count: 7,
      ratings: { a: 1 },
    };
    const created = await ask('POST', '/v1/shelves/s/books?dryRun=true', book);
    expect(created.json()).toEqual({
      title: 'Maps',
      copies: '12',
      kind: 'NOVEL',
      published: '2024-02-29T00:00:00.000Z',
      pageCount: 7,
      ratings: { a: 1 },
    });
    expect(server.seen[0]?.request).toMatchObject({ shelf: 's', dryRun: true });
    const updated = await ask('PATCH', '/v1/shelves/s/books/b', { book: { title: 'New' } });
    expect(updated.json()).toMatchObject({ name: 'shelves/s/books/b', title: 'New' });
  });

  it('without one is called by its name where that is switched on', async () => {
    expect((await ask('POST', '/test.library.v1.Library/Plain', { text: 'hi' })).json()).toEqual({ text: 'hi' });
  });
});

describe('what cannot be a message is refused before it is sent', () => {
  it.each([
    ['an unknown field', 'POST', '/v1/shelves/s/books', { nope: 1 }, 'nope'],
    ['a number as text of letters', 'POST', '/v1/shelves/s/books', { copies: 'many' }, 'copies'],
    ['a fraction', 'POST', '/v1/shelves/s/books', { pageCount: 1.5 }, 'pageCount'],
    ['a number beyond 32 bits', 'POST', '/v1/shelves/s/books', { pageCount: 2 ** 31 }, 'pageCount'],
    ['an unknown name', 'POST', '/v1/shelves/s/books', { kind: 'POEM' }, 'kind'],
    ['one where a list stands', 'POST', '/v1/shelves/s/books', { tags: 'a' }, 'tags'],
    ['text for a number in a map', 'POST', '/v1/shelves/s/books', { ratings: { a: 'x' } }, 'ratings.a'],
    ['an unknown field in the query', 'GET', '/v1/books/7?nope=1', undefined, 'nope'],
    ['a bool that is none', 'GET', '/v1/books/7?view.whole=maybe', undefined, 'view.whole'],
    ['two of what is one', 'GET', '/v1/books/7?shelf=a&shelf=b', undefined, 'shelf'],
    ['a path through no message', 'GET', '/v1/books/7?shelf.x=a', undefined, 'shelf.x'],
  ])('%s', async (_, method, path, body, field) => {
    const { status, json } = await ask(method, path, body);
    expect([status, json()]).toMatchObject([
      400,
      { code: 'MESSAGE_INVALID', detail: expect.stringMatching(`^(?:book\\.)?${field}: expected`) },
    ]);
    expect(server.seen).toEqual([]);
  });

  it('what is no JSON, another media type, too large, another method, an unknown path', async () => {
    expect((await ask('POST', '/v1/shelves/s/books', '{"a')).json().code).toBe('JSON_MALFORMED');
    expect((await ask('POST', '/v1/shelves/s/books', 'a=1', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await ask('POST', '/v1/shelves/s/books', { title: 'x'.repeat(5_000_000) })).status).toBe(413);
    expect((await ask('DELETE', '/v1/books/7')).status).toBe(405);
    expect((await ask('GET', '/v1/films')).status).toBe(404);
    expect(server.seen).toEqual([]);
  });
});

describe('a failure', () => {
  it('of the service is problem details', async () => {
    const { status, headers, json } = await ask('GET', '/v1/books/missing');
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(json()).toMatchObject({ code: 'NOT_FOUND', detail: 'Kein Buch – 没有', status: 404 });
  });

  it('to answer in time is 504, and cancels the call', async () => {
    const { status } = await ask('GET', '/v1/books/never');
    expect(status).toBe(504);
    await until('the service knows', () => server.cancelled === 1);
  });

  it('to reach any instance is 503; a dead one beside a living one is not seen', async () => {
    rig.registry.setGrpc('library');
    expect((await ask('GET', '/v1/books/7')).status).toBe(503);
    const dead = await LibraryServer.start();
    dead.kill();
    rig.registry.setGrpc('library', dead.port, server.port);
    for (let round = 0; round < 4; round++) expect((await ask('GET', '/v1/books/7')).status).toBe(200);
    rig.registry.setGrpc('library', server.port);
  });
});

describe('a call that streams', () => {
  it('answers a line for each message', async () => {
    const { headers, text } = await ask('GET', '/v1/books?count=300');
    expect(headers.get('content-type')).toBe('application/x-ndjson');
    const names = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name);
    expect(names).toEqual(Array.from({ length: 300 }, (_, at) => `books/${at + 1}`));
  });

  it('answers events where the client asks for events', async () => {
    const { headers, text } = await ask('GET', '/v1/books?count=2', undefined, { accept: 'text/event-stream' });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(text.match(/^data: \{"tags".*\}\n\n/gm) ?? text.match(/^data: /gm)).toHaveLength(2);
  });

  it('ends with the failure that cut it short', async () => {
    const { text } = await ask('GET', '/v1/books?count=5&failAfter=2');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines[2].error).toMatchObject({ code: 'DATA_LOSS', detail: 'the rest is lost' });
  });

  it('is held back by a client that does not read, and cancelled when it leaves', async () => {
    const request = httpRequest(`${rig.url}/v1/books?count=1000000`).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    let before = -1;
    await until('the service writes no more', async () => {
      const still = before === server.written;
      before = server.written;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still && before === server.written;
    });
    expect(server.written).toBeLessThan(200_000);
    response.on('error', () => {});
    request.destroy();
    await until('the service knows', () => server.cancelled === 1);
  });
});

it('files that cannot be called by HTTP stop the settings with what is wrong', async () => {
  const withProto = (settings: object) =>
    startRig({ routes: [{ id: 'a', path: '/v1/**', service: 'a', filters: [{ ...transcode, ...settings }] }] });
  await expect(withProto({ proto: ['/nowhere/a.proto'] })).rejects.toThrow(/\/nowhere\/a\.proto/);
  await expect(withProto({ services: ['test.Missing'] })).rejects.toThrow(/test\.Missing/);
  await expect(withProto({ proto: [] })).rejects.toThrow(/proto/);
});
