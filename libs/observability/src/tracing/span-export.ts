import type { Resource } from '@opentelemetry/resources';
import type { SpanExporter, SpanProcessor, TracerProviderOptions } from '@opentelemetry/sdk-trace';
import { within } from '../running/within.ts';
import { type FinishedSpan, readable } from './finished-span.ts';
import { type OtlpTarget, readOtlpTarget } from './otlp-target.ts';
import { readSampler } from './sampler.ts';

/** Whose spans they are. */
export interface SpanSource {
  readonly name: string;
  readonly instance: string;
  readonly version: string;
}

/** Spans that wait for the collector; more are dropped. */
const MOST_WAITING = 8_192;
const BATCH = 512;
const EVERY_MS = 1_000;
const CLOSE_WITHIN_MS = 2_000;
/** Between two lines about a collector that does not take them. */
const SILENCE_MS = 60_000;

/** The way of a process's spans to a collector that speaks OTLP over HTTP. */
export class SpanExport {
  /** For {@link startTracingWith}. */
  readonly tracer: TracerProviderOptions;
  readonly #spans: SpanProcessor;
  readonly #resource: Resource;

  private constructor(tracer: TracerProviderOptions, spans: SpanProcessor, resource: Resource) {
    this.tracer = { ...tracer, spanProcessors: [spans], resource };
    this.#spans = spans;
    this.#resource = resource;
  }

  /**
   * By OTEL_EXPORTER_OTLP_ENDPOINT and its like; undefined, with nothing loaded, where they name no collector. `warn` is
   * told, once a minute at most, when it takes no spans.
   */
  static async open(
    source: SpanSource,
    environment: Readonly<Record<string, string | undefined>>,
    warn: (fields: { event: string; reason: string }) => void,
  ): Promise<SpanExport | undefined> {
    const target = readOtlpTarget(environment);
    if (!target) return undefined;
    const sampler = readSampler(environment);
    const [{ BatchSpanProcessor }, { defaultResource, detectResources, envDetector, resourceFromAttributes }] =
      await Promise.all([import('@opentelemetry/sdk-trace'), import('@opentelemetry/resources')]);
    const exporter = new Audited(await otlpExporter(target), warn);
    const spans = new BatchSpanProcessor({
      exporter,
      maxQueueSize: MOST_WAITING,
      maxExportBatchSize: BATCH,
      scheduledDelayMillis: EVERY_MS,
    });
    const own = resourceFromAttributes({
      'service.name': source.name,
      'service.instance.id': source.instance,
      'service.version': source.version,
    });
    const given = detectResources({ detectors: [envDetector] });
    return new SpanExport({ sampler }, spans, defaultResource().merge(given).merge(own));
  }

  /** Sends a span that was kept by hand. */
  add(span: FinishedSpan): void {
    this.#spans.onEnd(readable(span, this.#resource));
  }

  /** Sends what waits, as far as that is done soon. */
  async close(): Promise<void> {
    await within(
      this.#spans.shutdown().catch(() => {}),
      CLOSE_WITHIN_MS,
    );
  }
}

async function otlpExporter({ url, format }: OtlpTarget): Promise<SpanExporter> {
  const [{ OTLPExporterBase }, http, { JsonTraceSerializer, ProtobufTraceSerializer, TraceExporterMetricsHelper }] =
    await Promise.all([
      import('@opentelemetry/otlp-exporter-base'),
      import('@opentelemetry/otlp-exporter-base/node-http'),
      import('@opentelemetry/otlp-transformer'),
    ]);
  const serializer = format === 'json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  const options = http.convertLegacyHttpOptions({ url }, 'TRACES', 'v1/traces', {
    'Content-Type': format === 'json' ? 'application/json' : 'application/x-protobuf',
  });
  const delegate = http.createOtlpHttpExportDelegate(
    options,
    serializer,
    `otlp_http_${format}_span_exporter`,
    TraceExporterMetricsHelper,
    undefined,
  );
  return new OTLPExporterBase(delegate);
}

/** Says when the collector does not take spans. */
class Audited implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #warn: (fields: { event: string; reason: string }) => void;
  #silentUntilMs = 0;

  constructor(exporter: SpanExporter, warn: (fields: { event: string; reason: string }) => void) {
    this.#exporter = exporter;
    this.#warn = warn;
  }

  export(...[spans, done]: Parameters<SpanExporter['export']>): void {
    this.#exporter.export(spans, (result) => {
      const nowMs = performance.now();
      if (result.error && nowMs >= this.#silentUntilMs) {
        this.#silentUntilMs = nowMs + SILENCE_MS;
        this.#warn({ event: 'spans not taken', reason: result.error.message });
      }
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }
}
