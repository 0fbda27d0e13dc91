import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as undiciRequest } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../../testing/rig.ts';

let rig: Rig;
let asked: IncomingMessage[];
afterEach(() => rig?.close());

type Answer = (request: IncomingMessage, response: ServerResponse, time: number) => void;

/** A cached route to a service that answers like this; `time` counts from 1. */
async function cached(answer: Answer, settings: Record<string, unknown> = {}): Promise<void> {
  asked = [];
  rig = await startRig({
    routes: [
      {
        id: 'services',
        path: '/api/{service}/**',
        service: '{service}',
        filters: [{ name: 'response-cache', ...settings }],
      },
    ],
  });
  const { port } = await rig.upstream((request, response) => {
    asked.push(request);
    answer(request, response, asked.length);
  });
  rig.registry.set('catalog', port);
}

const saying =
  (headers: Record<string, string>): Answer =>
  (_request, response, time) =>
    response.writeHead(200, headers).end(`answer ${time}`);

async function ask(headers: Record<string, string> = {}, { method = 'GET', path = '/films' } = {}) {
  const response = await fetch(`${rig.url}/api/catalog${path}`, { method, headers });
  return {
    status: response.status,
    text: await response.text(),
    cache: response.headers.get('x-cache'),
    age: response.headers.get('age'),
    headers: response.headers,
  };
}

describe('a response that may be kept', () => {
  it('is fetched once, given again with its age, and to HEAD without its body', async () => {
    await cached(saying({ 'cache-control': 'max-age=60', etag: '"one"', 'x-kept': 'yes' }));
    expect(await ask()).toMatchObject({ text: 'answer 1', cache: 'MISS', age: null });
    const hit = await ask();
    expect(hit).toMatchObject({ status: 200, text: 'answer 1', cache: 'HIT' });
    expect(Number(hit.age)).toBeLessThanOrEqual(2);
    expect(hit.headers.get('x-kept')).toBe('yes');
    expect(hit.headers.get('content-length')).toBe('8');
    expect(hit.headers.get('x-request-id')).toBeTruthy();
    const head = await ask({}, { method: 'HEAD' });
    expect(head).toMatchObject({ text: '', cache: 'HIT' });
    expect(asked).toHaveLength(1);
  });

  it('is fetched once by a hundred who ask at the same time', async () => {
    let answer = () => {};
    await cached((_request, response) => {
      answer = () => response.writeHead(200, { 'cache-control': 'max-age=60' }).end('one');
    });
    const all = Array.from({ length: 100 }, () => ask());
    await until('the first is under way', () => asked.length === 1 && rig.gateway.inFlight === 100);
    answer();
    expect((await Promise.all(all)).every(({ text }) => text === 'one')).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it('is not lost for those who wait when the first of them leaves', async () => {
    await cached((_request, response, time) => {
      if (time > 1) response.writeHead(200, { 'cache-control': 'max-age=60' }).end('one');
    });
    const leaving = new AbortController();
    const left = fetch(`${rig.url}/api/catalog/films`, { signal: leaving.signal }).catch(() => 'left');
    await until('it is under way', () => asked.length === 1);
    const waiting = [ask(), ask()];
    await until('others wait', () => rig.gateway.inFlight === 3);
    leaving.abort();
    await left;
    expect((await Promise.all(waiting)).map(({ text }) => text)).toEqual(['one', 'one']);
    expect(asked).toHaveLength(2);
  });

  it('is not fetched again by a client that has it', async () => {
    await cached(saying({ 'cache-control': 'max-age=60', etag: 'W/"one"' }));
    await ask();
    // fetch would add that it wants no cache.
    const having = (etags: string) =>
      undiciRequest(`${rig.url}/api/catalog/films`, { headers: { 'if-none-match': etags } });
    const again = await having('"zero", "one"');
    expect(await again.body.text()).toBe('');
    expect(again).toMatchObject({ statusCode: 304, headers: { 'x-cache': 'HIT', etag: 'W/"one"' } });
    const other = await having('"two"');
    expect([other.statusCode, await other.body.text()]).toEqual([200, 'answer 1']);
    expect(asked).toHaveLength(1);
  });

  it('is kept for each variant that it names', async () => {
    await cached((request, response) =>
      response
        .writeHead(200, { 'cache-control': 'max-age=60', vary: 'Accept-Language' })
        .end(request.headers['accept-language']),
    );
    for (const language of ['en', 'zh', 'en', 'zh'])
      expect(await ask({ 'accept-language': language })).toMatchObject({ text: language });
    expect(asked).toHaveLength(2);
  });

  it('is fetched again when the client says so, or after something was changed there', async () => {
    await cached(saying({ 'cache-control': 'max-age=60' }));
    await ask();
    expect(await ask({ 'cache-control': 'no-cache' })).toMatchObject({ text: 'answer 2' });
    expect(await ask()).toMatchObject({ text: 'answer 2', cache: 'HIT' });
    await ask({}, { method: 'DELETE' });
    expect(await ask()).toMatchObject({ text: 'answer 4', cache: 'MISS' });
  });

  it('is fetched again after it was changed by a route of its own', async () => {
    asked = [];
    const path = '/api/{service}/**';
    const filters = [{ name: 'response-cache' }];
    rig = await startRig({
      routes: [
        { id: 'reads', path, service: '{service}', filters, when: { methods: ['GET'] } },
        { id: 'beta', path, service: '{service}', filters, when: { headers: { 'x-beta': 'yes' } } },
        { id: 'writes', path, service: '{service}', filters },
      ],
    });
    const { port } = await rig.upstream((request, response) => {
      asked.push(request);
      saying({ 'cache-control': 'max-age=60' })(request, response, asked.length);
    });
    rig.registry.set('catalog', port);
    await ask();
    // What another route has led elsewhere is none of this one's.
    expect(await ask({ 'x-beta': 'yes' }, { method: 'HEAD' })).toMatchObject({ cache: 'MISS' });
    expect(await ask()).toMatchObject({ text: 'answer 1', cache: 'HIT' });
    await ask({}, { method: 'PUT' });
    expect(await ask()).toMatchObject({ text: 'answer 4', cache: 'MISS' });
  });

  it('is kept where what was to change there failed, and removed where the answer names it', async () => {
    await cached((request, response, time) => {
      if (request.method === 'GET') response.writeHead(200, { 'cache-control': 'max-age=60' }).end(`answer ${time}`);
      else if (request.method === 'PUT') response.writeHead(409).end();
      else response.writeHead(201, { location: '/api/catalog/films', 'content-location': '/api/catalog/other' }).end();
    });
    await ask();
    await ask({}, { path: '/other' });
    await ask({}, { method: 'PUT' });
    expect(await ask()).toMatchObject({ text: 'answer 1', cache: 'HIT' });
    await ask({}, { method: 'POST', path: '/new' });
    expect(await ask()).toMatchObject({ text: 'answer 5', cache: 'MISS' });
    expect(await ask({}, { path: '/other' })).toMatchObject({ text: 'answer 6', cache: 'MISS' });
  });

  it.each([
    ['removed', 'shop.example:8080', 'MISS'],
    ['kept', 'elsewhere:8080', 'HIT'],
    ['kept', 'shop.example', 'HIT'],
  ])('is %s where the answer names it at %s and shop.example:8080 was asked', async (_, origin, cache) => {
    await cached((request, response) => {
      if (request.method === 'GET') response.writeHead(200, { 'cache-control': 'max-age=60' }).end('kept');
      else response.writeHead(201, { location: `https://${origin}/api/catalog/films` }).end();
    });
    const askShop = async (method: 'GET' | 'POST', path: string) => {
      const { headers, body } = await undiciRequest(`${rig.url}/api/catalog${path}`, {
        method,
        headers: { host: 'shop.example:8080' },
      });
      await body.dump();
      return headers['x-cache'];
    };
    await askShop('GET', '/films');
    await askShop('POST', '/new');
    expect(await askShop('GET', '/films')).toBe(cache);
  });

  it('is kept for as long as s-maxage says, whatever max-age does', async () => {
    await cached(saying({ 'cache-control': 'max-age=0, s-maxage=60' }));
    await ask();
    expect(await ask()).toMatchObject({ text: 'answer 1', cache: 'HIT' });
    await rig.close();
    await cached(saying({ 'cache-control': 'max-age=60, s-maxage=0' }));
    await ask();
    expect(await ask()).toMatchObject({ text: 'answer 2', cache: 'MISS' });
  });

  it('has the headers that it came with, whatever they are called', async () => {
    await cached(saying({ 'cache-control': 'max-age=60', constructor: 'mine', vary: 'constructor' }));
    await ask({ constructor: 'a' });
    const hit = await ask({ constructor: 'a' });
    expect([hit.cache, hit.headers.get('constructor')]).toEqual(['HIT', 'mine']);
    expect(await ask({ constructor: 'b' })).toMatchObject({ cache: 'MISS' });
    expect(await ask()).toMatchObject({ cache: 'MISS' });
  });

  it('must be revalidated when it is stale, not when it is fresh', async () => {
    await cached(saying({ 'cache-control': 'public, max-age=60, must-revalidate' }));
    await ask();
    expect(await ask()).toMatchObject({ text: 'answer 1', cache: 'HIT' });
  });
});

describe('what is not kept', () => {
  it.each([
    ['says nothing', {}],
    ['says no-store', { 'cache-control': 'no-store, max-age=60' }],
    ['is private', { 'cache-control': 'private, max-age=60' }],
    ['sets a cookie', { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=b' }],
    ['varies by everything', { 'cache-control': 'max-age=60', vary: '*' }],
    ['was changed long ago, and says nothing else', { 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' }],
  ])('is a response that %s', async (_, headers) => {
    await cached(saying(headers));
    expect([(await ask()).text, (await ask()).text]).toEqual(['answer 1', 'answer 2']);
  });

  it('nobody waits for nobody there', async () => {
    const answers: (() => void)[] = [];
    await cached((_request, response) => {
      answers.push(() => response.end('own'));
      if (answers.length === 1) answers[0]?.();
    });
    await ask();
    const all = [ask(), ask(), ask()];
    await until('all are under way', () => answers.length === 4);
    for (const answer of answers) answer();
    expect((await Promise.all(all)).every(({ text }) => text === 'own')).toBe(true);
  });

  it('is what answers somebody who says who he is, unless it is public', async () => {
    await cached((request, response, time) => {
      const control = request.url?.endsWith('public') ? 'public, max-age=60' : 'max-age=60';
      response.writeHead(200, { 'cache-control': control }).end(`${request.headers.authorization} ${time}`);
    });
    const ada = { authorization: 'Bearer ada' };
    const bob = { authorization: 'Bearer bob' };
    expect((await ask(ada)).text).toBe('Bearer ada 1');
    expect((await ask(bob)).text).toBe('Bearer bob 2');
    expect((await ask()).text).toBe('undefined 3');
    expect((await ask()).text).toBe('undefined 3');
    expect((await ask(ada)).text).toBe('Bearer ada 4');
    const path = { path: '/public' };
    expect((await ask(ada, path)).text).toBe('Bearer ada 5');
    expect((await ask(bob, path)).text).toBe('Bearer ada 5');
  });

  it('is what a client does not want kept', async () => {
    await cached(saying({ 'cache-control': 'max-age=60' }));
    await ask({ 'cache-control': 'no-store' });
    expect(await ask()).toMatchObject({ text: 'answer 2', cache: 'MISS' });
  });

  it('is a stream of events, which passes as it comes, through compression too, for all who ask at once', async () => {
    asked = [];
    rig = await startRig({
      routes: [
        {
          id: 'services',
          path: '/api/{service}/**',
          service: '{service}',
          filters: [{ name: 'response-cache' }, { name: 'compression', minBytes: 0 }],
        },
      ],
    });
    const open: ServerResponse[] = [];
    const { port } = await rig.upstream((_request, response) => {
      open.push(response);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'max-age=60' });
      response.write('data: 1\n\n');
    });
    rig.registry.set('catalog', port);
    const listen = async () => {
      const { body } = await undiciRequest(`${rig.url}/api/catalog/events`, { headers: { 'accept-encoding': 'gzip' } });
      let text = '';
      body.on('data', (chunk) => {
        text += chunk;
      });
      body.on('error', () => {});
      return { text: () => text, close: () => body.destroy() };
    };
    const clients = await Promise.all([listen(), listen(), listen()]);
    await until('each has the first', () => clients.every(({ text }) => text() === 'data: 1\n\n'));
    for (const response of open) response.write('data: 2\n\n');
    await until('each has the second', () => clients.every(({ text }) => text() === 'data: 1\n\ndata: 2\n\n'));
    for (const client of clients) client.close();
  });

  it('is longer than may be', async () => {
    await cached(
      (_request, response, time) => {
        response.writeHead(200, { 'cache-control': 'max-age=60' });
        response.write('x'.repeat(600));
        response.end(`${'x'.repeat(600)}${time}`);
      },
      { maxEntryBytes: 1_000 },
    );
    expect((await ask()).text.at(-1)).toBe('1');
    expect((await ask()).text.at(-1)).toBe('2');
  });

  it('broke off', async () => {
    await cached((_request, response, time) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 8 });
      if (time > 1) response.end('answer 2');
      else response.write('answ', () => response.destroy());
    });
    await expect(ask()).rejects.toThrow();
    expect(await ask()).toMatchObject({ text: 'answer 2', cache: 'MISS' });
  });

  it('is asked for in part', async () => {
    await cached(saying({ 'cache-control': 'max-age=60' }));
    await ask();
    expect(await ask({ range: 'bytes=0-1' })).toMatchObject({ text: 'answer 2', cache: null });
  });

  it('is not fetched for who only wants what is there', async () => {
    await cached(saying({ 'cache-control': 'max-age=60' }));
    expect(await ask({ 'cache-control': 'only-if-cached' })).toMatchObject({ status: 504 });
    expect(asked).toHaveLength(0);
  });
});

describe('a stale response', () => {
  /** Old from the first moment, by what it says of its own age. */
  const old = (control: string, more: Record<string, string> = {}) => ({
    'cache-control': control,
    age: '10',
    ...more,
  });

  it('is given out while a fresh one is fetched, once', async () => {
    await cached((_request, response, time) => {
      const headers = time === 1 ? old('max-age=5, stale-while-revalidate=60') : { 'cache-control': 'max-age=60' };
      response.writeHead(200, headers).end(`answer ${time}`);
    });
    await ask();
    expect(await ask()).toMatchObject({ text: 'answer 1', cache: 'STALE' });
    await until('the fresh one is there', async () => (await ask()).text === 'answer 2');
    expect(await ask()).toMatchObject({ text: 'answer 2', cache: 'HIT' });
    expect(asked).toHaveLength(2);
  });

  it('is fetched anew whole, in however many pieces it comes', async () => {
    const text = (time: number) => Array.from({ length: 30_000 }, (_, at) => `${time}:${at}`).join(' ');
    await cached((_request, response, time) => {
      const headers = time === 1 ? old('max-age=5, stale-while-revalidate=60') : { 'cache-control': 'max-age=60' };
      response.writeHead(200, headers).end(text(time));
    });
    await ask();
    await until('the fresh one is there', async () => (await ask()).cache === 'HIT');
    expect((await ask()).text).toBe(text(2));
  });

  it('is asked about by its validators, and lives on when it still holds', async () => {
    await cached((request, response, time) => {
      if (request.headers['if-none-match'] === '"one"')
        response.writeHead(304, { etag: '"one"', 'cache-control': 'max-age=60', 'x-new': 'yes' }).end();
      else response.writeHead(200, old('max-age=5, stale-if-error=60', { etag: '"one"' })).end(`answer ${time}`);
    });
    await ask();
    const [one, other] = await Promise.all([ask(), ask()]);
    expect(one).toMatchObject({ status: 200, text: 'answer 1', cache: 'REVALIDATED' });
    expect(one.headers.get('x-new')).toBe('yes');
    expect(other.text).toBe('answer 1');
    expect(await ask()).toMatchObject({ text: 'answer 1', cache: 'HIT' });
    expect(asked).toHaveLength(2);
  });

  it('stands in while the service fails, where it may', async () => {
    await cached((_request, response, time) => {
      if (time === 1) response.writeHead(200, old('max-age=5, stale-if-error=60')).end('answer 1');
      else response.writeHead(500).end('failed');
    });
    await ask();
    expect(await ask()).toMatchObject({ status: 200, text: 'answer 1', cache: 'STALE' });
  });

  it('does not stand in where nobody said so', async () => {
    await cached((_request, response, time) => {
      if (time === 1) response.writeHead(200, old('max-age=5, stale-if-error=2')).end('answer 1');
      else response.writeHead(500).end('failed');
    });
    await ask();
    expect(await ask()).toMatchObject({ status: 500, text: 'failed' });
  });

  it('stands in for as long as the route says where the response says nothing', async () => {
    await cached(
      (_request, response, time) => {
        if (time === 1) response.writeHead(200, old('max-age=5')).end('answer 1');
        else response.destroy();
      },
      { staleIfErrorSeconds: 60 },
    );
    await ask();
    expect(await ask()).toMatchObject({ status: 200, text: 'answer 1', cache: 'STALE' });
  });
});
