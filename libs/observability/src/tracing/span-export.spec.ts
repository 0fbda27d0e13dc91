import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { OtlpCollector } from '@rookery/servers';
import { afterEach, describe, expect, it } from 'vitest';
import { readOtlpTarget } from './otlp-target.ts';
import { readSampler } from './sampler.ts';
import { SpanExport } from './span-export.ts';

const SOURCE = { name: 'shop', instance: 'shop-1', version: '1.2.3' };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(environment: Record<string, string> = {}) {
  const collector = await OtlpCollector.start();
  const warnings: { event: string; reason: string }[] = [];
  const spans = await SpanExport.open(SOURCE, { ...collector.environment, ...environment }, (line) =>
    warnings.push(line),
  );
  if (!spans) throw new Error('nothing is exported');
  closers.push(
    () => spans.close(),
    () => collector.close(),
  );
  return { collector, spans, warnings, tracer: new TracerProvider(spans.tracer).getTracer('test') };
}

const byHand = {
  name: 'GET films',
  kind: 'server',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  startedAtMs: 1_700_000_000_000.25,
  endedAtMs: 1_700_000_000_123.5,
  attributes: { 'http.response.status_code': 503 },
  failure: 'NO_INSTANCE',
} as const;

describe('spans', () => {
  it('reach the collector that the environment names, those of the API and those made by hand, the last with the end', async () => {
    const { collector, spans, tracer } = await start();
    const parent = tracer.startSpan('parent');
    tracer.startSpan('child', {}, trace.setSpan((await import('@opentelemetry/api')).ROOT_CONTEXT, parent)).end();
    parent.end();
    spans.add(byHand);
    await spans.close();
    expect(collector.requests[0]).toEqual({ path: '/v1/traces', type: 'application/json' });
    const [child, , own] = collector.spans;
    expect(collector.spans.map(({ service, instance, name }) => [service, instance, name])).toEqual([
      ['shop', 'shop-1', 'child'],
      ['shop', 'shop-1', 'parent'],
      ['shop', 'shop-1', 'GET films'],
    ]);
    expect(child?.parentSpanId).toBe(parent.spanContext().spanId);
    expect(own).toMatchObject({
      traceId: byHand.traceId,
      spanId: byHand.spanId,
      parentSpanId: byHand.parentSpanId,
      kind: 2,
      startNs: 1_700_000_000_000_250_000n,
      endNs: 1_700_000_000_123_500_000n,
      attributes: byHand.attributes,
      status: 2,
      message: 'NO_INSTANCE',
    });
  });

  it('are written as protobuf when nothing else is said', async () => {
    const { collector, spans } = await start({ OTEL_EXPORTER_OTLP_PROTOCOL: '' });
    spans.add(byHand);
    await spans.close();
    expect(collector.requests).toEqual([{ path: '/v1/traces', type: 'application/x-protobuf' }]);
  });

  it('that the sampler does not want are not made; a caller who wants them decides', async () => {
    const { collector, spans, tracer } = await start({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    tracer.startSpan('unwanted').end();
    const { ROOT_CONTEXT } = await import('@opentelemetry/api');
    const context = { traceId: byHand.traceId, spanId: byHand.spanId, isRemote: true };
    tracer.startSpan('wanted', {}, trace.setSpanContext(ROOT_CONTEXT, { ...context, traceFlags: 1 })).end();
    tracer.startSpan('unwanted too', {}, trace.setSpanContext(ROOT_CONTEXT, { ...context, traceFlags: 0 })).end();
    await spans.close();
    expect(collector.spans.map(({ name }) => name)).toEqual(['wanted']);
  });

  it('that a collector does not take are told once, and lose nobody else anything', async () => {
    const { collector, spans, warnings } = await start();
    collector.status = 400;
    spans.add(byHand);
    await expect
      .poll(() => warnings, { timeout: 10_000 })
      .toEqual([{ event: 'spans not taken', reason: expect.any(String) }]);
    spans.add(byHand);
    await expect.poll(() => collector.requests.length, { timeout: 10_000 }).toBe(2);
    expect(warnings).toHaveLength(1);
  });

  it('are nobody`s business without a collector: nothing is made', async () => {
    expect(await SpanExport.open(SOURCE, {}, () => {})).toBeUndefined();
    const off = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SDK_DISABLED: 'true' };
    expect(await SpanExport.open(SOURCE, off, () => {})).toBeUndefined();
  });
});

describe('the variables', () => {
  it('name one address for all signals, or that of the traces', () => {
    const root = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/' };
    expect(readOtlpTarget(root)).toEqual({ url: 'http://h:4318/v1/traces', format: 'protobuf' });
    const own = { ...root, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t/x' };
    expect(readOtlpTarget(own)?.url).toBe('https://t/x');
    expect(readOtlpTarget({ ...root, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'nowhere' }, /OTEL_EXPORTER_OTLP_ENDPOINT is no URL/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://h:1' }, /OTEL_EXPORTER_OTLP_ENDPOINT is no URL/],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      /OTEL_EXPORTER_OTLP_PROTOCOL is grpc: expected http\/protobuf or http\/json/,
    ],
  ])('that are wrong are one sentence: %o', (environment, sentence) => {
    expect(() => readOtlpTarget(environment)).toThrow(sentence);
  });

  it('of the sampler too', () => {
    expect(readSampler({}).toString()).toContain('ParentBased{root=AlwaysOnSampler');
    expect(
      readSampler({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' }).toString(),
    ).toContain('TraceIdRatioBased{0.25}');
    expect(() => readSampler({ OTEL_TRACES_SAMPLER: 'some' })).toThrow(
      /expected one of always_on, parentbased_always_on/,
    );
    expect(() => readSampler({ OTEL_TRACES_SAMPLER_ARG: '2' })).toThrow(/from 0 to 1/);
  });
});
