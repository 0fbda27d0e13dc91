import { TIMEOUT_HEADER } from '@rookery/observability';
import type { Dispatcher } from 'undici';
import { grpcTimeout } from '../protocols/grpc/grpc-message.ts';
import { clientCertificate, forwardedCertificate } from '../protocols/tls/client-certificate.ts';
import type { Arrival } from '../request/arrival.ts';
import { RequestBody } from '../request/request-body.ts';
import type { RequestHead } from '../request/request-headers.ts';
import type { InstancePool } from '../upstream/instance-pool.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import type { Passage } from './passage.ts';
import type { UpstreamTry } from './upstream-try.ts';

/** What goes to the instances for one request: its headers and its body, made anew for each try. */
export class Outgoing {
  #body: RequestBody | undefined;
  /** How many of the headers are the client's; what stands behind them an earlier try has added. */
  #forwardedHeaders = -1;

  constructor(
    private readonly parts: ExchangeParts,
    private readonly passage: Passage | undefined,
    /** The body is longer than the route takes. */
    private readonly onTooLarge: (limitBytes: number) => void,
  ) {}

  /** Whether the client broke off before the end of its body. */
  get clientLeft(): boolean {
    return this.#body?.clientLeft ?? false;
  }

  /** Whether bytes of the body may have been taken from the client. */
  get hasBegun(): boolean {
    return this.#body?.started ?? false;
  }

  destroy(): void {
    this.#body?.destroy();
  }

  /** Sends it to an instance; what comes of that the try hears. */
  send(attempt: UpstreamTry, pool: InstancePool, leftMs: number, traceparent: string): void {
    const { arrival, match, head } = this.parts;
    const { headers } = head;
    const { idleTimeoutMs, grpc } = match.compiled.route;
    const body = head.hasBody ? this.#newBody() : null;
    const lengthBytes = body instanceof RequestBody ? head.contentLength : undefined;
    if (this.#forwardedHeaders < 0) this.#forwardedHeaders = headers.length;
    else headers.length = this.#forwardedHeaders;
    addOwnHeaders(headers, arrival, head, leftMs, traceparent);
    const path = this.passage?.call.target ?? arrival.url;
    const { method, request } = arrival;
    if (!grpc && !arrival.upgrade) {
      // What has come by HTTP/2 was read by another parser.
      const received = request.httpVersionMajor === 1 ? request.rawHeaders : undefined;
      pool.http.ask({ method, path, headers, received, body, lengthBytes, idleTimeoutMs }, attempt);
      return;
    }
    if (lengthBytes !== undefined) headers.push('content-length', String(lengthBytes));
    if (grpc) {
      headers.push('te', 'trailers');
      if (head.timeoutMs !== undefined) headers.push('grpc-timeout', grpcTimeout(leftMs));
    }
    const options = {
      path,
      method: method as 'GET',
      headers,
      body: body as never,
      bodyTimeout: idleTimeoutMs,
      upgrade: arrival.upgrade && 'websocket',
      // Which the types of undici do not know.
      servername: pool.serverName,
    };
    const dispatcher: Dispatcher | undefined = grpc ? pool.grpc : pool.upgrades;
    dispatcher?.dispatch(options, attempt);
  }

  #newBody(): RequestBody | AsyncIterable<Buffer> {
    const { arrival, head, match } = this.parts;
    const { request, response } = arrival;
    this.#body?.destroy();
    const { bodyLimitBytes } = match.compiled.route;
    const body = new RequestBody(
      request,
      bodyLimitBytes,
      () => {
        if (head.expectsContinue && !response.headersSent) response.writeContinue();
      },
      () => this.onTooLarge(bodyLimitBytes),
    );
    this.#body = body;
    return this.passage?.requestBody(body) ?? body;
  }
}

/** Adds to the client's headers what the gateway says of a request by itself. */
function addOwnHeaders(
  headers: string[],
  arrival: Arrival,
  head: RequestHead,
  leftMs: number,
  traceparent: string,
): void {
  const proto = arrival.forwardedProto;
  headers.push(
    'x-forwarded-for',
    arrival.forwardedFor,
    'x-forwarded-proto',
    proto,
    'x-forwarded-host',
    head.host,
    'x-request-id',
    arrival.requestId,
    'traceparent',
    traceparent,
    TIMEOUT_HEADER,
    String(Math.ceil(leftMs)),
  );
  if (proto === 'https') {
    const certificate = clientCertificate(arrival.request.socket);
    if (certificate) headers.push('x-forwarded-client-cert', forwardedCertificate(certificate));
  }
}
