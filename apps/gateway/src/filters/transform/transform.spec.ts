import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../../testing/rig.ts';

let rig: Rig;
const seen: { headers: Record<string, unknown>; body: string }[] = [];
afterEach(() => rig?.close());

async function transforming(
  settings: Record<string, unknown>,
  answer: { headers?: Record<string, string>; body?: string } = {},
): Promise<void> {
  seen.length = 0;
  rig = await startRig({
    routes: [
      {
        id: 'all',
        path: '/api/{shop}/**',
        service: 'catalog',
        filters: [{ name: 'transform', ...settings }, { name: 'compression' }],
      },
    ],
  });
  const { port } = await rig.upstream(async (request, response) => {
    seen.push({ headers: request.headers, body: await textOf(request) });
    response.writeHead(200, { 'content-type': 'application/json', etag: '"one"', ...answer.headers });
    response.end(answer.body ?? '{"id":1,"secret":"x","films":[{"id":2,"secret":"y"}]}');
  });
  rig.registry.set('catalog', port);
}

const ask = async (init: RequestInit = {}) => {
  const response = await fetch(`${rig.url}/api/paris/films?lang=fr`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const post = (body: string, headers: Record<string, string> = {}) =>
  ask({ method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

describe('a request', () => {
  it('gets headers from what it is', async () => {
    await transforming({
      request: {
        headers: {
          'x-shop': 'request.params.shop + "/" + request.query.lang',
          'x-vip': 'request.headers[?"x-card"].orValue("none") == "gold"',
          'x-card': 'null',
        },
      },
    });
    await ask({ headers: { 'x-card': 'gold' } });
    expect(seen[0]?.headers).toMatchObject({ 'x-shop': 'paris/fr', 'x-vip': 'true' });
    expect(seen[0]?.headers).not.toHaveProperty('x-card');
  });

  it('gets another body', async () => {
    await transforming({ request: { body: '{"shop": request.params.shop, "film": body.film.id}' } });
    expect((await post('{"film":{"id":7}}')).status).toBe(200);
    expect(seen[0]?.body).toBe('{"shop":"paris","film":7}');
  });

  it.each([
    ['is not JSON', '{"film"', {}],
    ['is not what the expression takes', '{"other":1}', {}],
    ['is longer than may be', JSON.stringify({ film: 'x'.repeat(2_000) }), {}],
    ['is compressed', '{"film":1}', { 'content-encoding': 'gzip' }],
  ])('is refused when its body %s, and the service is not blamed', async (_, body, headers) => {
    await transforming({ request: { body: '{"film": body.film}' }, maxBodyBytes: 1_000 });
    for (let time = 0; time < 5; time++) {
      const refused = await post(body, headers);
      expect(refused.status).toBe(400);
      expect(JSON.parse(refused.text)).toMatchObject({ code: 'TRANSFORM_REFUSED' });
    }
    expect((await post('{"film":1}')).status).toBe(200);
  });
});

describe('a response', () => {
  it('gets another body and other headers', async () => {
    await transforming({
      response: {
        headers: { 'x-shop': 'request.params.shop', 'x-code': 'string(response.status)' },
        body: '{"id": body.id, "films": body.films.map(f, {"id": f.id})}',
      },
    });
    const { text, headers } = await ask({ headers: { 'accept-encoding': 'br' } });
    expect(text).toBe('{"id":1,"films":[{"id":2}]}');
    expect(seen[0]?.headers).not.toHaveProperty('accept-encoding');
    expect([headers.get('x-shop'), headers.get('x-code'), headers.get('etag')]).toEqual(['paris', '200', null]);
    expect(headers.get('content-encoding')).toBe('br');
  });

  it('that is not JSON is left alone', async () => {
    await transforming(
      { response: { body: '{"id": body.id}' } },
      { headers: { 'content-type': 'text/plain' }, body: 'id' },
    );
    expect((await ask()).text).toBe('id');
  });

  it.each([
    ['is not what the expression takes', {}, '{"other":1}'],
    ['is not JSON', {}, 'secret'],
    ['is too long', {}, JSON.stringify({ id: 'x'.repeat(2_000) })],
    ['is compressed', { 'content-encoding': 'gzip' }, 'secret'],
  ])('that %s is not passed on as it is', async (_, headers, body) => {
    await transforming({ response: { body: '{"id": body.id}' }, maxBodyBytes: 1_000 }, { headers, body });
    const got = await ask().then(
      ({ status, text }) => `${status} ${text}`,
      () => 'broken off',
    );
    expect(got).toMatch(/^broken off$|^502 .*TRANSFORM_FAILED/);
  });
});

it('a header that the gateway sets itself is refused', async () => {
  await expect(transforming({ request: { headers: { 'content-length': '"7"' } } })).rejects.toThrow(/content-length/);
});

it('an expression that is wrong is refused with its path', async () => {
  await expect(transforming({ request: { headers: { 'x-a': 'reqest.path' } } })).rejects.toThrow(
    /request\.headers\.x-a: expected a CEL expression/,
  );
});
