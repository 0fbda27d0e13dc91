import type { IncomingMessage, ServerResponse } from 'node:http';
import zlib from 'node:zlib';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../../testing/rig.ts';
import { encodingFor } from './encoding.ts';

let rig: Rig;
afterEach(() => rig?.close());

const TEXT = JSON.stringify(Array.from({ length: 400 }, (_, id) => ({ id, title: 'a film' })));

async function compressed(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  settings: Record<string, unknown> = {},
): Promise<void> {
  rig = await startRig({
    routes: [{ id: 'all', path: '/api/**', service: 'catalog', filters: [{ name: 'compression', ...settings }] }],
  });
  const { port } = await rig.upstream(answer);
  rig.registry.set('catalog', port);
}

const json =
  (headers: Record<string, string | number> = {}, text = TEXT) =>
  (_request: IncomingMessage, response: ServerResponse) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers })
      .end(text);

async function ask(accept: string | undefined, more: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') {
  const headers = { ...(accept !== undefined && { 'accept-encoding': accept }), ...more };
  const response = await request(`${rig.url}/api/films`, { method, headers });
  return { headers: response.headers, body: Buffer.from(await response.body.arrayBuffer()) };
}

describe('a body that gets smaller', () => {
  it.each([
    ['br', (body: Buffer) => zlib.brotliDecompressSync(body)],
    ['zstd', (body: Buffer) => zlib.zstdDecompressSync(body)],
    ['gzip', (body: Buffer) => zlib.gunzipSync(body)],
  ])('is sent as %s to who understands it', async (encoding, read) => {
    await compressed(json({ etag: '"one"', 'accept-ranges': 'bytes' }));
    const { headers, body } = await ask(encoding);
    expect(headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding', etag: 'W/"one"' });
    expect(headers).not.toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('accept-ranges');
    expect(body.length).toBeLessThan(TEXT.length / 5);
    expect(read(body).toString()).toBe(TEXT);
  });

  it('is sent as it is to others, and to HEAD; both are told that it varies', async () => {
    await compressed(json({ vary: 'origin' }));
    const plain = await ask(undefined);
    expect(plain.body.toString()).toBe(TEXT);
    expect(plain.headers).toMatchObject({ vary: 'origin, accept-encoding', 'content-length': `${TEXT.length}` });
    expect((await ask('br', {}, 'HEAD')).headers).not.toHaveProperty('content-encoding');
  });

  it('leaves bit by bit where it comes bit by bit', async () => {
    let more = (_text: string) => {};
    await compressed((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      more = (text) => response.write(text);
      more('{"first":true}\n');
    });
    const response = await request(`${rig.url}/api/films`, { headers: { 'accept-encoding': 'gzip' } });
    let text = '';
    const reading = response.body.pipe(zlib.createGunzip()).on('data', (chunk) => {
      text += chunk;
    });
    reading.on('error', () => {});
    await until('the first line is there', () => text === '{"first":true}\n');
    more('{"second":true}\n');
    await until('the second line is there', () => text.endsWith('{"second":true}\n'));
    response.body.destroy();
    response.body.on('error', () => {});
  });
});

describe('a body stays as it is', () => {
  it.each([
    ['that is short', json({}, '{"id":1}')],
    ['that is an image', json({ 'content-type': 'image/png' })],
    ['that streams events', json({ 'content-type': 'text/event-stream' })],
    ['that is compressed already', json({ 'content-encoding': 'br' })],
    ['that must not be changed', json({ 'cache-control': 'no-transform' })],
  ])('%s', async (_, answer) => {
    await compressed(answer);
    const { headers } = await ask('br, gzip');
    expect(headers['content-encoding']).not.toBe('gzip');
    expect(headers).toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('vary');
  });

  it('that another site makes a browser ask for with its cookies', async () => {
    await compressed(json());
    const { headers } = await ask('br', { cookie: 'session=1', 'sec-fetch-site': 'cross-site' });
    expect(headers).not.toHaveProperty('content-encoding');
    expect((await ask('br', { cookie: 'session=1', 'sec-fetch-site': 'same-origin' })).headers).toMatchObject({
      'content-encoding': 'br',
    });
  });
});

it.each([
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip;q=1.0, br;q=0.5', 'gzip'],
  ['br;q=0, *', 'zstd'],
  ['*;q=0', undefined],
  ['identity, gzip;q=0.5', undefined],
  ['x-gzip', 'gzip'],
  ['GZIP ; Q=0.8', 'gzip'],
  ['', undefined],
  [undefined, undefined],
] as const)('who accepts %j gets %s', (accept, encoding) => {
  expect(encodingFor(accept, ['br', 'zstd', 'gzip'])).toBe(encoding);
});
