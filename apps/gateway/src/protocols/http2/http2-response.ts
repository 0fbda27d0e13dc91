import { type Http2ServerRequest, Http2ServerResponse, type OutgoingHttpHeaders } from 'node:http2';
import { countWrite } from './session-watch.ts';

/** Headers of an HTTP/1.1 connection; the data path writes them without asking which protocol a client speaks. */
const OF_A_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

type Done = (error: Error) => void;
type Headers = OutgoingHttpHeaders | readonly string[] | undefined;

/** A response of HTTP/2 that takes what the data path writes for HTTP/1.1. */
export class GatewayHttp2Response<
  Request extends Http2ServerRequest = Http2ServerRequest,
> extends Http2ServerResponse<Request> {
  override writeHead(status: number, message?: Headers | string, headers?: Headers): this {
    const given = typeof message === 'string' ? headers : message;
    return super.writeHead(status, withoutConnection(given) as OutgoingHttpHeaders);
  }

  /** Answers with nothing but headers, in one frame that also ends the stream: what gRPC calls Trailers-Only. */
  endWith(status: number, headers: readonly string[]): void {
    this.statusCode = status;
    for (let at = 0; at < headers.length; at += 2) this.appendHeader(headers[at] as string, headers[at + 1] as string);
    this.removeHeader('connection');
    this.end();
  }

  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean {
    countWrite(this.stream);
    return super.write(chunk, encoding as BufferEncoding, done);
  }

  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (!OF_A_CONNECTION.has(name.toLowerCase())) super.setHeader(name, value);
  }
}

function withoutConnection(headers: Headers): Headers {
  if (headers === undefined) return undefined;
  if (!Array.isArray(headers)) {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_A_CONNECTION.has(name.toLowerCase())));
  }
  return headers.filter((_, at) => !OF_A_CONNECTION.has(headers[at - (at % 2)] as string));
}
