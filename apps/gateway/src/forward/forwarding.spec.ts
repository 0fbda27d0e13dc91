import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { INTERNAL } from '@rookery/discovery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../testing/parse-settings.ts';
import { type Rig, startRig, until } from '../testing/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({
    routes: [{ id: 'services', path: '/api/{service}/**', service: '{service}', bodyLimitBytes: 1_000_000 }],
  });
});
afterEach(() => rig.close());

const echo = async (name = 'catalog') => {
  const seen: IncomingMessage[] = [];
  const { port } = await rig.upstream((request, response) => {
    seen.push(request);
    response.setHeader('x-kept', 'yes');
    request.pipe(response);
  });
  rig.registry.set(name, port);
  return seen;
};

const problem = async (path: string, init?: RequestInit) => {
  const response = await fetch(rig.url + path, { redirect: 'manual', ...init });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    ...((await response.json()) as { code: string }),
  };
};

describe('the gateway', () => {
  it('forwards method, path, query, headers and body unchanged, and the answer back', async () => {
    const seen = await echo();
    const response = await fetch(`${rig.url}/api/catalog/films/1?a=b&c=%20`, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-mine': 'one' },
    });
    expect(await response.text()).toBe('hello');
    expect(response.headers.get('x-kept')).toBe('yes');
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/api/catalog/films/1?a=b&c=%20' });
    expect(seen[0]?.headers).toMatchObject({ 'x-mine': 'one', 'content-length': '5' });
  });

  it('says who asked by itself, whatever the client says', async () => {
    const seen = await echo();
    await fetch(`${rig.url}/api/catalog/`, {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-host': 'evil',
        'x-forwarded-port': '1',
        forwarded: 'for=6.6.6.6',
      },
    });
    expect(seen[0]?.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${rig.port}`,
    });
    expect(seen[0]?.headers).not.toHaveProperty('x-forwarded-port');
    expect(seen[0]?.headers).not.toHaveProperty('forwarded');
  });

  it('carries the trace, the request id and the time that is left', async () => {
    const seen = await echo();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const given = await fetch(`${rig.url}/api/catalog/`, {
      headers: { traceparent, 'x-request-id': 'r-1', 'x-request-timeout-ms': '1500' },
    });
    expect(given.headers.get('x-request-id')).toBe('r-1');
    expect(seen[0]?.headers['x-request-id']).toBe('r-1');
    // The gateway's own span, in the caller's trace.
    expect(seen[0]?.headers.traceparent).toMatch(new RegExp(`^00-${'a'.repeat(32)}-(?!b{16})[0-9a-f]{16}-01$`));
    await until('the line is out', () => rig.log.length === 1);
    expect(rig.log[0]).toMatchObject({
      traceId: 'a'.repeat(32),
      parentSpanId: 'b'.repeat(16),
      spanId: seen[0]?.headers.traceparent?.slice(36, 52),
    });
    expect(Number(seen[0]?.headers['x-request-timeout-ms'])).toBeGreaterThan(1_000);
    expect(Number(seen[0]?.headers['x-request-timeout-ms'])).toBeLessThanOrEqual(1_500);
    const made = await fetch(`${rig.url}/api/catalog/`);
    expect(seen[1]?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('answers 404 where no route leads, and for a service that never registered', async () => {
    expect(await problem('/nowhere')).toMatchObject({
      status: 404,
      code: 'ROUTE_UNKNOWN',
      // Which paths there are is a matter of the settings: none is promised here.
      detail: expect.not.stringContaining('/api/'),
    });
    expect(await problem('/api/nobody/x')).toMatchObject({ status: 404, code: 'SERVICE_UNKNOWN' });
    expect(rig.gateway.targets.all()).toHaveLength(0);
  });

  it('does not lead to a service that is for the platform only', async () => {
    await echo();
    const [instance] = await rig.registry.instances('catalog');
    rig.registry.setWith(INTERNAL, 'settings', instance?.port ?? 0);
    expect(await problem('/api/settings/x')).toMatchObject({ status: 404, code: 'SERVICE_UNKNOWN' });
    rig.registry.set('settings');
    expect(await problem('/api/settings/x')).toMatchObject({ status: 404, code: 'SERVICE_UNKNOWN' });
    expect((await fetch(`${rig.url}/api/catalog/x`)).status).toBe(200);
  });

  it('answers 503 with Retry-After when a known service has no instance', async () => {
    rig.registry.set('catalog');
    expect(await problem('/api/catalog/x')).toMatchObject({ status: 503, code: 'NO_INSTANCE', retryAfter: '1' });
  });

  it('leaves health to the process and leads / to the documentation', async () => {
    expect(await (await fetch(`${rig.url}/health/live`)).text()).toBe('own');
    const root = await fetch(`${rig.url}/`, { redirect: 'manual' });
    expect(root.status).toBe(302);
    expect(root.headers.get('location')).toBe('/docs');
  });

  it('hands HEAD, 204 and 304 on without a body', async () => {
    const { port } = await rig.upstream((request, response) => {
      const status = Number(request.url?.split('/').at(-1));
      response.writeHead(status, status === 200 ? { 'content-length': '10' } : {}).end();
    });
    rig.registry.set('catalog', port);
    const head = await fetch(`${rig.url}/api/catalog/200`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('10');
    for (const status of [204, 304]) expect((await fetch(`${rig.url}/api/catalog/${status}`)).status).toBe(status);
  });

  it('hands several cookies on as several headers, and what belongs to one connection not at all', async () => {
    const { port } = await rig.upstream((_request, response) => {
      response.writeHead(
        200,
        [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['connection', 'close, x-hop'],
          ['x-hop', '1'],
        ].flat(),
      );
      response.end();
    });
    rig.registry.set('catalog', port);
    const response = await fetch(`${rig.url}/api/catalog/x`);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('x-hop')).toBeNull();
  });

  it('passes events on as they come, and ends the upstream request when the client leaves', async () => {
    let send: ((text: string) => void) | undefined;
    let left = false;
    const { port } = await rig.upstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      send = (text) => void response.write(text);
      response.on('close', () => {
        left = true;
      });
    });
    rig.registry.set('catalog', port);
    const controller = new AbortController();
    const response = await fetch(`${rig.url}/api/catalog/events`, { signal: controller.signal });
    const reader = response.body?.getReader();
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      send?.(event);
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(event);
    }
    controller.abort();
    await until('the upstream sees the client leave', () => left);
    await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  });

  it('streams a large body both ways, with back-pressure', async () => {
    await echo();
    const size = 900_000;
    const response = await fetch(`${rig.url}/api/catalog/x`, { method: 'POST', body: Buffer.alloc(size, 'x') });
    expect((await response.arrayBuffer()).byteLength).toBe(size);
  });

  it('takes a path by what it means: a letter that came encoded leads nowhere else', async () => {
    await rig.close();
    rig = await startRig({
      routes: [
        {
          id: 'admin',
          path: '/api/catalog/admin/**',
          service: 'catalog',
          filters: [{ name: 'ip-deny', addresses: ['127.0.0.1'] }],
        },
        { id: 'services', path: '/api/{service}/**', service: '{service}' },
      ],
    });
    const asked: (string | undefined)[] = [];
    const { port } = await rig.upstream((request, response) => {
      asked.push(request.url);
      response.end();
    });
    rig.registry.set('catalog', port);
    expect((await fetch(`${rig.url}/api/catalog/%61dmin/x`)).status).toBe(403);
    expect((await fetch(`${rig.url}/api/catalog/a%7Eb?q=%61`)).status).toBe(200);
    expect(asked).toEqual(['/api/catalog/a~b?q=%61']);
  });

  it('gives a slow client what was meant for it, while others are answered', async () => {
    const bytes = 12_000_000;
    const { port } = await rig.upstream((request, response) => {
      response.end(request.url?.endsWith('/slow') ? Buffer.alloc(bytes, 'x') : 'y'.repeat(60_000));
    });
    rig.registry.set('catalog', port);
    const request = httpRequest(`${rig.url}/api/catalog/slow`).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    for (let others = 0; others < 50; others++) await (await fetch(`${rig.url}/api/catalog/others`)).text();
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(Buffer.alloc(bytes, 'x'))).toBe(true);
  });

  it('holds a fast upstream back for a slow client', async () => {
    let written = 0;
    const { port } = await rig.upstream((_request, response) => {
      const more = () => {
        while (written < 200_000_000) {
          written += 100_000;
          if (!response.write(Buffer.alloc(100_000))) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    rig.registry.set('catalog', port);
    const request = httpRequest(`${rig.url}/api/catalog/x`).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    let last = -1;
    await until('the upstream stands still', async () => {
      const still = written === last;
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still;
    });
    expect(written).toBeLessThan(50_000_000);
    request.destroy();
  });

  it('refuses a 50 MB body with 413 without reading it all', async () => {
    await echo();
    const request = httpRequest(`${rig.url}/api/catalog/x`, {
      method: 'POST',
      headers: { 'content-length': '50000000' },
    });
    request.on('error', () => {});
    request.write(Buffer.alloc(100_000));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    let body = '';
    for await (const chunk of response) body += chunk;
    expect(JSON.parse(body)).toMatchObject({ code: 'BODY_TOO_LARGE' });
    request.destroy();
  });

  it('refuses a chunked body that grows too large with 413, and the instance sees it end', async () => {
    const seen = await echo();
    const request = httpRequest(`${rig.url}/api/catalog/x`, { method: 'POST' });
    request.on('error', () => {});
    const pump = () => {
      while (!request.destroyed && request.write(Buffer.alloc(65_536)));
    };
    // The upstream answers early, so its answer is cut off; one that waits gives the client the 413.
    rig.registry.set('catalog', (await rig.upstream((upstream) => void seen.push(upstream.resume()))).port);
    request.on('drain', pump);
    pump();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    request.destroy();
    await until('the upstream request is closed', () => seen.length > 0 && seen.every(({ destroyed }) => destroyed));
  });

  it('tells a client that asks to go on only once an instance takes the body', async () => {
    await echo();
    const answer = await rig.raw(
      'POST /api/catalog/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
    );
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    const refused = await rig.raw(
      'POST /api/catalog/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 50000000\r\n\r\n',
    );
    expect(refused).toMatch(/^HTTP\/1.1 413 /);
  });

  it('says that a trace is not to be kept where none of those that begin here is', async () => {
    rig.gateway.apply(parseSettings({ tracing: { sampleRatio: 0 } }));
    const seen = await echo();
    await fetch(`${rig.url}/api/catalog/`);
    const sampled = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await fetch(`${rig.url}/api/catalog/`, { headers: { traceparent: sampled } });
    expect(seen.map(({ headers }) => headers.traceparent?.slice(-3))).toEqual(['-00', '-01']);
  });

  it('writes one log line and one count a request', async () => {
    await echo();
    await fetch(`${rig.url}/api/catalog/films?secret=1`);
    await fetch(`${rig.url}/nowhere`);
    await until('the lines are out', () => rig.log.length === 2);
    expect(rig.log[0]).toMatchObject({
      event: 'request',
      path: '/api/catalog/films',
      status: 200,
      upstream: 'catalog',
      tries: 1,
    });
    expect(rig.log[1]).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' });
    const text = await rig.metrics.registry.metrics();
    expect(text).toContain(
      'gateway_requests_total{route="services",upstream="catalog",status="200",service="gateway"} 1',
    );
    expect(text).toContain(
      'gateway_request_duration_seconds_bucket{route="services",upstream="catalog",le="+Inf",service="gateway"} 1',
    );
    expect(text).toContain(
      'gateway_request_duration_seconds_count{route="services",upstream="catalog",service="gateway"} 1',
    );
  });
});
