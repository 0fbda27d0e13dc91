import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Value = string | number | boolean | undefined;

/** A span as a collector sees it. */
export interface CollectedSpan {
  service: string;
  instance: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  /** 2 is a server's, 3 a client's. */
  kind: number;
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, Value>;
  /** 2 is an error. */
  status: number;
  message: string;
}

interface OtlpValue {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
}

interface OtlpAttribute {
  key: string;
  value: OtlpValue;
}

interface OtlpSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OtlpAttribute[];
  status: { code: number; message?: string };
}

interface OtlpTraces {
  resourceSpans: { resource: { attributes: OtlpAttribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

const read = ({ stringValue, intValue, doubleValue, boolValue }: OtlpValue): Value =>
  stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue;

const readAll = (attributes: readonly OtlpAttribute[]): Record<string, Value> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, read(value)]));

/** A collector that takes spans by OTLP over HTTP, as JSON (`OTEL_EXPORTER_OTLP_PROTOCOL=http/json`), and keeps them. */
export class OtlpCollector {
  readonly spans: CollectedSpan[] = [];
  /** Each request: path and media type. */
  readonly requests: { path: string; type: string }[] = [];
  /** What it answers from now on. */
  status = 200;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What a process must have in its environment to send its spans here. */
  get environment(): Record<string, string> {
    return { OTEL_EXPORTER_OTLP_ENDPOINT: this.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const type = request.headers['content-type'] ?? '';
    const body = await text(request);
    this.requests.push({ path: request.url ?? '', type });
    if (this.status === 200 && type === 'application/json') this.#keep(JSON.parse(body) as OtlpTraces);
    response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
  }

  #keep({ resourceSpans }: OtlpTraces): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const facts = readAll(resource.attributes);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({
          service: String(facts['service.name']),
          instance: String(facts['service.instance.id']),
          name: span.name,
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId ?? '',
          kind: span.kind,
          startNs: BigInt(span.startTimeUnixNano),
          endNs: BigInt(span.endTimeUnixNano),
          attributes: readAll(span.attributes),
          status: span.status.code,
          message: span.status.message ?? '',
        });
      }
    }
  }
}
