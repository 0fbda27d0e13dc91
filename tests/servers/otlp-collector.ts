import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CollectedSpan, type OtlpTraces, readSpans } from './otlp-spans.ts';

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
    if (this.status === 200 && type === 'application/json')
      this.spans.push(...readSpans(JSON.parse(body) as OtlpTraces));
    response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
  }
}
