import { Controller, Get, Module } from '@nestjs/common';
import { SpanExport } from '@rookery/observability';
import { type CollectedSpan, OtlpCollector } from '@rookery/servers';
import { createService, type RunningService } from '@rookery/service';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIBRARY_PROTO, LibraryServer } from '../testing/library-server.ts';
import { type Rig, startRig } from '../testing/rig.ts';

@Controller('orders')
class OrdersController {
  @Get(':id')
  find(): object {
    return { id: 7 };
  }
}

@Module({ controllers: [OrdersController] })
class OrdersModule {}

const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const SERVER = 2;
const CLIENT = 3;
let collector: OtlpCollector;
let orders: RunningService;
let library: LibraryServer;
let rig: Rig;

beforeAll(async () => {
  collector = await OtlpCollector.start();
  orders = await createService(
    OrdersModule,
    {
      name: 'orders',
      without: ['config', 'discovery', 'grpc', 'messaging', 'openapi', 'resilience', 'access-log'],
    },
    { environment: { ...collector.environment, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent' } },
  );
  library = await LibraryServer.start();
  const source = { name: 'gateway', instance: 'gateway-1', version: '1.0.0' };
  const spans = await SpanExport.open(source, collector.environment, () => {});
  rig = await startRig(
    {
      routes: [
        { id: 'services', path: '/api/{service}/**', service: '{service}' },
        {
          id: 'library',
          path: '/v1/**',
          service: 'library',
          filters: [{ name: 'transcode', proto: [LIBRARY_PROTO] }],
        },
      ],
    },
    { spans },
  );
  rig.registry.setGrpc('library', library.port);
});
beforeEach(() => {
  collector.spans.length = 0;
  rig.registry.set('orders', Number(new URL(orders.urls.http).port));
});
afterAll(async () => {
  await rig.close();
  await orders.close();
  library.kill();
  collector.close();
});

const ask = (path: string, headers: Record<string, string> = {}) => fetch(rig.url + path, { headers });

/** The spans of one trace, once there are so many. */
async function collected(count: number): Promise<CollectedSpan[]> {
  await expect.poll(() => collector.spans.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  return collector.spans.toSorted((a, b) => Number(a.startNs - b.startNs));
}

describe('spans', () => {
  it('make one trace of the client, the gateway, its try, and the service', async () => {
    const response = await ask('/api/orders/orders/7?token=secret', {
      traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01`,
    });
    expect(response.status).toBe(200);
    const spans = await collected(3);
    expect(spans).toHaveLength(3);
    const [server, tried, service] = spans;
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([PARENT.traceId]));
    expect(server).toMatchObject({
      service: 'gateway',
      name: 'GET services',
      kind: SERVER,
      parentSpanId: PARENT.spanId,
      attributes: {
        'http.request.method': 'GET',
        'http.route': 'services',
        'http.response.status_code': 200,
        'url.path': '/api/orders/orders/7',
        'client.address': '127.0.0.1',
        'rookery.service': 'orders',
        'rookery.tries': 1,
      },
    });
    expect(tried).toMatchObject({
      service: 'gateway',
      name: 'GET orders',
      kind: CLIENT,
      parentSpanId: server?.spanId,
      attributes: { 'http.response.status_code': 200, 'server.address': '127.0.0.1' },
    });
    expect(service).toMatchObject({
      service: 'orders',
      name: 'GET /api/orders/orders/:id',
      kind: SERVER,
      parentSpanId: tried?.spanId,
      attributes: { 'http.response.status_code': 200, 'http.route': '/api/orders/orders/:id' },
    });
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('secret');
    for (const span of spans) expect(span.endNs).toBeGreaterThanOrEqual(span.startNs);
  });

  it('show each try, and why it failed', async () => {
    const { port, server } = await rig.upstream((request) => request.socket.destroy());
    rig.registry.set('orders', port);
    expect((await ask('/api/orders/orders/7')).status).toBe(502);
    const spans = await collected(3);
    const tries = spans.filter(({ kind }) => kind === CLIENT);
    expect(tries.length).toBeGreaterThan(1);
    expect(tries.map(({ status, message }) => [status, message])).toEqual(tries.map(() => [2, 'no response']));
    expect(tries.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual(
      tries.map((_, at) => (at === 0 ? undefined : at)),
    );
    expect(spans[0]).toMatchObject({ kind: SERVER, status: 2, message: 'UPSTREAM_FAILED' });
    server.close();
  });

  it('tell what the gateway refused, which is no failure of its own where the client is wrong', async () => {
    expect((await ask('/nowhere')).status).toBe(404);
    const [span] = await collected(1);
    expect(span).toMatchObject({ name: 'GET none', status: 0, attributes: { 'error.type': 'ROUTE_UNKNOWN' } });
  });

  it('are not kept where the caller does not want them', async () => {
    await ask('/api/orders/orders/7', { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-00` });
    await ask('/api/orders/orders/7');
    const spans = await collected(3);
    expect(spans.filter(({ traceId }) => traceId === PARENT.traceId)).toEqual([]);
  });

  it('stand over the calls that JSON becomes', async () => {
    expect((await ask('/v1/books/7')).status).toBe(200);
    const [server, tried] = await collected(2);
    expect(tried).toMatchObject({ name: 'GET library', kind: CLIENT, parentSpanId: server?.spanId });
    expect(String(library.seen[0]?.metadata.get('traceparent')[0])).toContain(`-${tried?.spanId}-`);
  });
});

it('a share of the traces that begin here is kept', async () => {
  rig.gateway.apply({ ...rig.gateway.settings, tracing: { sampleRatio: 0 } });
  await ask('/api/orders/orders/7');
  rig.gateway.apply({ ...rig.gateway.settings, tracing: { sampleRatio: 1 } });
  await ask('/api/orders/orders/7');
  expect(await collected(3)).toHaveLength(3);
});
