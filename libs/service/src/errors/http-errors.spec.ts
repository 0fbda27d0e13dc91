import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';
import { FilmsModule } from '../testing/films.ts';

const quiet = { environment: { LOG_LEVEL: 'silent' } };

describe.each(['fastify', 'express'] as const)('errors over HTTP on %s', (platform) => {
  let service: RunningService;
  let base: string;

  beforeAll(async () => {
    service = await createService(
      FilmsModule,
      { name: 'films', without: ['discovery'], bodyLimitBytes: 2_000, platform },
      quiet,
    );
    base = `${service.urls.http}/api/films`;
  });
  afterAll(() => service?.close());

  /** Asks, and checks what is true of every error that leaves a service. */
  async function problem(path: string, init?: RequestInit) {
    const response = await fetch(base + path, init);
    const body = (await response.json()) as Record<string, unknown>;
    expect(response.headers.get('content-type')).toMatch('application/problem+json');
    expect(body).toMatchObject({ type: 'about:blank', status: response.status, code: expect.any(String) });
    expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(body)).not.toMatch(/swordfish|node_modules|\.ts|\n {4}at /);
    return { ...body, retryAfter: response.headers.get('retry-after') } as Record<string, unknown>;
  }

  const post = (body: string, type = 'application/json'): RequestInit => ({
    method: 'POST',
    body,
    headers: { 'content-type': type },
  });

  it('an error of ours keeps code, sentence, status and details, and says when to come again', async () => {
    expect(await problem('/errors/ours')).toMatchObject({
      status: 503,
      code: 'FILMS_CLOSED',
      detail: 'Films open at nine.',
      opens: '09:00',
      retryAfter: '2',
    });
  });

  it("Nest's exceptions keep their status and sentence", async () => {
    expect(await problem('/errors/not-found')).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
      detail: 'No film has the id 7.',
    });
    expect(await problem('/errors/extended')).toMatchObject({
      status: 403,
      detail: 'Members only.',
      membership: 'gold',
    });
    expect(await problem('/errors/list')).toMatchObject({ status: 422, detail: 'one; two' });
  });

  it.each(['unknown', 'not-even-an-error', 'syntax'])(
    '%s: an unexpected error says nothing of its inside',
    async (path) => {
      expect(await problem(`/errors/${path}`)).toMatchObject({ status: 500, code: 'INTERNAL' });
    },
  );

  it('a body that does not fit its schema: path, expected, received, and no value', async () => {
    const body = { filmId: 'ab', items: [{ quantity: 'swordfish' }], state: 'lost' };
    expect(await problem('/orders', post(JSON.stringify(body)))).toMatchObject({
      status: 400,
      code: 'VALIDATION_FAILED',
      issues: [
        { path: 'filmId', expected: 'at least 3 characters', received: '2 characters' },
        { path: 'items[0].quantity', expected: 'number', received: 'string' },
        { path: 'state', expected: 'one of "new", "paid"', received: 'string' },
      ],
    });
  });

  it('no body, a body of the wrong kind, a wrong query, a wrong path parameter', async () => {
    expect(await problem('/orders', { method: 'POST' })).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await problem('/orders', post('[]'))).toMatchObject({
      detail: 'The request is not valid: expected object, received array.',
    });
    expect(await problem('/films?page=0')).toMatchObject({
      detail: 'The query string is not valid at page: expected at least 1, received string.',
    });
    expect(await problem('/films/7')).toMatchObject({ issues: [{ path: 'id', expected: 'uuid' }] });
  });

  it('malformed JSON is 400', async () => {
    expect(await problem('/echo', post('{"a": swordfish}'))).toMatchObject({ status: 400, code: 'JSON_MALFORMED' });
  });

  it('a body above the limit is 413', async () => {
    expect(await problem('/echo', post(JSON.stringify({ a: 'x'.repeat(3_000) })))).toMatchObject({
      status: 413,
      code: 'BODY_TOO_LARGE',
      limitBytes: 2_000,
    });
  });

  it('a body of 50 MB is 413 as well, with or without a length, and the service goes on', async () => {
    const piece = new Uint8Array(1024 * 1024).fill(32);
    async function* pieces() {
      for (let sent = 0; sent < 50; sent++) yield piece;
    }
    const whole = post(' '.repeat(50 * 1024 * 1024));
    const streamed = { ...post(''), body: ReadableStream.from(pieces()), duplex: 'half' } as RequestInit;
    for (const init of [whole, streamed]) {
      expect(await problem('/echo', init)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    }
    expect(service.app.getHttpServer().listening).toBe(true);
  });

  it('an unknown route is 404, inside and outside of the prefix', async () => {
    expect(await problem('/nothing?x=1')).toMatchObject({
      status: 404,
      code: 'ROUTE_NOT_FOUND',
      detail: 'Nothing answers GET /api/films/nothing here.',
    });
    expect(await problem('/../../elsewhere')).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  });

  it('a path with a broken percent-encoding is 400', async () => {
    expect(await problem('/films/%zz')).toMatchObject({ status: 400 });
  });

  it('a failure after the first byte breaks the connection off instead of ending the answer well', async () => {
    await expect(fetch(`${base}/errors/half-sent`).then((response) => response.text())).rejects.toThrow();
  });

  it('bytes that are no HTTP at all get 400 and a closed connection', async () => {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    socket.write('swordfish\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
    expect(answer).toMatch('REQUEST_MALFORMED');
  });

  if (platform === 'fastify') {
    it('a media type that nobody reads is 415', async () => {
      expect(await problem('/echo', post('a,b', 'text/csv'))).toMatchObject({
        status: 415,
        code: 'MEDIA_TYPE_UNSUPPORTED',
      });
    });

    it('an empty JSON body is 400', async () => {
      expect(await problem('/echo', post(''))).toMatchObject({ status: 400, code: 'BODY_EMPTY' });
    });

    it.each(['{"__proto__": {"admin": true}}', '{"constructor": {"prototype": {"admin": true}}}'])(
      '%s is refused',
      async (body) => {
        expect(await problem('/echo', post(body))).toMatchObject({ status: 400, code: 'JSON_MALFORMED' });
      },
    );
  }
});
