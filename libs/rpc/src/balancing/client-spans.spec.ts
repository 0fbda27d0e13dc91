import { context, trace } from '@opentelemetry/api';
import { Upstreams } from '@rookery/discovery';
import { endSpan, SpanExport, startServerSpan, startTracingWith } from '@rookery/observability';
import { OtlpCollector } from '@rookery/servers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { HttpClient } from '../http/client.ts';
import { get } from '../http/endpoint.ts';
import { RpcRuntime } from '../runtime.ts';
import { HandRegistry } from '../testing/hand-registry.ts';
import { answerJson, type HttpTestServer, startHttpServer } from '../testing/http-server.ts';

class FilmsClient extends HttpClient('catalog', {
  film: get('/films/:id', { response: z.object({ id: z.string() }) }),
}) {}

let collector: OtlpCollector;
let spans: SpanExport;
let runtime: RpcRuntime;
const servers: HttpTestServer[] = [];

beforeAll(async () => {
  collector = await OtlpCollector.start();
  const opened = await SpanExport.open(
    { name: 'shop', instance: 'shop-1', version: '1.2.3' },
    collector.environment,
    () => {},
  );
  if (!opened) throw new Error('nothing is exported');
  spans = opened;
  startTracingWith(spans.tracer);
  const registry = new HandRegistry();
  servers.push(await startHttpServer('one'), await startHttpServer('two'));
  registry.set(...servers.map(({ instance }) => instance));
  runtime = new RpcRuntime(new Upstreams(registry));
});
afterAll(async () => {
  runtime.close();
  for (const server of servers) server.kill();
  await collector.close();
});

it('each attempt of a call is a span below that of the request, and the called service is below the attempt', async () => {
  const films = new FilmsClient(runtime);
  const seen: string[] = [];
  for (const server of servers)
    server.handle = (request, response) => {
      seen.push(String(request.headers.traceparent));
      if (seen.length === 1) request.socket.destroy();
      else answerJson(response, 200, { id: 'film-1' });
    };
  const served = startServerSpan({}, 'GET /here');
  await context.with(served.context, () => films.film({ id: 'film-1' }));
  endSpan(served.span);
  await spans.close();
  const { traceId, spanId } = trace.getSpanContext(served.context) ?? {};
  const attempts = collector.spans.filter(({ kind }) => kind === 3);
  expect(attempts.map(({ name, parentSpanId, attributes }) => [name, parentSpanId, attributes['rookery.try']])).toEqual(
    [
      ['catalog GET /films/:id', spanId, 1],
      ['catalog GET /films/:id', spanId, 2],
    ],
  );
  expect(attempts.map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
    [2, 'RPC_UNAVAILABLE'],
    [0, undefined],
  ]);
  expect(seen).toEqual(attempts.map((attempt) => `00-${traceId}-${attempt.spanId}-01`));
});
