import type { Dispatcher } from 'undici';
import { grpcTimeout } from '../protocols/grpc/grpc-message.ts';
import { RequestBody } from '../request/request-body.ts';
import type { InstancePool } from '../upstream/instance-pool.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { ownHeaders, ownLines } from './own-headers.ts';
import type { Passage } from './passage.ts';
import type { UpstreamTry } from './upstream-try.ts';

/** What goes to the instances for one request: its headers and its body, made anew for each try. */
export class Outgoing {
  #body: RequestBody | undefined;

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
    const { idleTimeoutMs, grpc } = match.compiled.route;
    const body = head.hasBody ? this.#newBody() : null;
    const lengthBytes = body instanceof RequestBody ? head.contentLength : undefined;
    const own = { arrival, host: head.host, leftMs, traceparent };
    const path = this.passage?.call.target ?? arrival.url;
    const { method, request } = arrival;
    if (!grpc && !arrival.upgrade) {
      // What has come by HTTP/2 was read by another parser.
      const received = request.httpVersionMajor === 1 ? request.rawHeaders : undefined;
      const { headers } = head;
      const lines = ownLines(own);
      pool.http.ask({ method, path, headers, received, lines, body, lengthBytes, idleTimeoutMs }, attempt);
      return;
    }
    const headers = [...head.headers, ...ownHeaders(own)];
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
