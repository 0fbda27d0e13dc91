import { SpanExport } from '@rookery/observability';
import { hasOtelCollector, type OtelCollector, startOtelCollector } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRig } from '../testing/rig.ts';

const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

describe.skipIf(!hasOtelCollector)('spans at the OpenTelemetry Collector', () => {
  let collector: OtelCollector;
  beforeAll(async () => {
    collector = (await startOtelCollector()) as OtelCollector;
  }, 60_000);
  afterAll(() => collector?.stop());

  it.each(['http/protobuf', 'http/json'])('arrive as they were, by %s', async (protocol) => {
    const warnings: unknown[] = [];
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
    const source = { name: 'gateway', instance: protocol, version: '1.0.0' };
    const spans = await SpanExport.open(source, environment, (line) => warnings.push(line));
    const rig = await startRig({}, { spans });
    const { port } = await rig.upstream((request, response) => {
      if (request.url?.endsWith('broken')) request.socket.destroy();
      else response.end('films');
    });
    rig.registry.set('catalog', port);
    const startedNs = BigInt(Date.now()) * 1_000_000n;
    const headers = { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01` };
    await fetch(`${rig.url}/api/catalog/films`, { headers });
    await fetch(`${rig.url}/api/catalog/broken`, { method: 'POST', body: 'x' });
    // What waits is sent before the end.
    await rig.close();
    const mine = () =>
      collector
        .spans()
        .filter(({ instance }) => instance === protocol)
        .toSorted((a, b) => Number(a.startNs - b.startNs));
    await expect.poll(mine, { timeout: 10_000 }).toHaveLength(4);
    const [served, tried, failed, failedTry] = mine();
    expect(served).toMatchObject({
      service: 'gateway',
      name: 'GET services',
      kind: 2,
      traceId: PARENT.traceId,
      parentSpanId: PARENT.spanId,
      status: 0,
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'url.path': '/api/catalog/films',
        'rookery.service': 'catalog',
        'rookery.tries': 1,
      },
    });
    expect(tried).toMatchObject({ kind: 3, traceId: PARENT.traceId, parentSpanId: served?.spanId });
    expect(failed).toMatchObject({ name: 'POST services', status: 2, message: 'UPSTREAM_FAILED' });
    expect(failedTry).toMatchObject({ kind: 3, parentSpanId: failed?.spanId, status: 2, message: 'no response' });
    for (const { startNs, endNs } of mine()) {
      // Clocks of two kinds: the wall's, and the one that spans are measured by.
      expect(startNs).toBeGreaterThan(startedNs - 1_000_000_000n);
      expect(endNs).toBeGreaterThanOrEqual(startNs);
    }
    expect(warnings).toEqual([]);
  });
});
