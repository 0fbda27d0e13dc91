import type * as GrpcJs from '@grpc/grpc-js';
import type { ConnectionErrors } from '../connection-errors.ts';
import { certificateRefusal } from '../network-reason.ts';
import { optionalClient } from '../optional-client.ts';
import type { Endpoint, ServerUrl } from '../server-url.ts';
import type { Protocol } from './protocol.ts';

/** How long a call that does not stream may take. */
const DEADLINE_MS = 2_000;
const LONGEST_MESSAGE_BYTES = 64 * 1024 * 1024;

export type Grpc = typeof GrpcJs;
export type Method = GrpcJs.MethodDefinition<object, object>;
export type Duplex<Request, Response> = GrpcJs.ClientDuplexStream<Request, Response>;

export interface GrpcCall {
  /** For messages: `register orders-1`. */
  what: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The client packages that speak gRPC, which are optional peer dependencies. */
export async function loadGrpc(protocol: Protocol, errors: ConnectionErrors) {
  const grpc = await optionalClient('@grpc/grpc-js', () => import('@grpc/grpc-js'), errors);
  const loader = await optionalClient('@grpc/proto-loader', () => import('@grpc/proto-loader'), errors);
  const definition = loader.fromJSON(protocol, { keepCase: true, longs: String, enums: String, defaults: true });
  /** @param path `package.Service/Method` */
  const method = (path: string): Method => {
    const [service = '', name = ''] = path.split('/');
    const found = (definition[service] as Record<string, Method> | undefined)?.[name];
    if (!found) throw new Error(`The protocol has no ${path}`);
    return found;
  };
  return { grpc, method };
}

/**
 * One HTTP/2 connection to one of the servers, with a deadline on each call and our errors. A connection that failed is
 * dropped: the next call opens one to the next server, so that the caller's own pauses decide when that is.
 */
export class GrpcConnection {
  #client: GrpcJs.Client | undefined;
  #endpoint = 0;
  #closed = false;
  readonly #calls = new Set<{ cancel(): void }>();

  constructor(
    private readonly grpc: Grpc,
    private readonly url: ServerUrl,
    private readonly portOffset = 0,
  ) {}

  get closed(): boolean {
    return this.#closed;
  }

  /** The server that is asked now. */
  get endpoint(): Endpoint {
    return this.url.endpoints[this.#endpoint] ?? this.url.endpoints[0];
  }

  async unary<Response extends object>(method: Method, request: object, call: GrpcCall): Promise<Response> {
    if (this.#closed) throw this.url.errors.closed();
    call.signal?.throwIfAborted();
    const client = this.#open();
    const { promise, resolve, reject } = Promise.withResolvers<object>();
    const running = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.#metadata(call.headers),
      { deadline: Date.now() + DEADLINE_MS },
      (error, response) => (error || !response ? reject(error) : resolve(response)),
    );
    const cancel = (): void => running.cancel();
    this.#calls.add(running);
    call.signal?.addEventListener('abort', cancel);
    try {
      return (await promise) as Response;
    } catch (error) {
      call.signal?.throwIfAborted();
      throw this.#translated(call.what, error as GrpcJs.ServiceError, client);
    } finally {
      this.#calls.delete(running);
      call.signal?.removeEventListener('abort', cancel);
    }
  }

  /** A stream both ways. `onEnd` is called once, with our error when it broke. */
  duplex<Request extends object, Response extends object>(
    method: Method,
    call: GrpcCall,
    on: { message: (message: Response) => void; end: (error?: Error) => void },
  ): Duplex<Request, Response> {
    if (this.#closed) throw this.url.errors.closed();
    const client = this.#open();
    const stream = client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.#metadata(call.headers),
    );
    this.#calls.add(stream);
    let ended = false;
    const end = (error?: Error): void => {
      if (ended) return;
      ended = true;
      this.#calls.delete(stream);
      on.end(error);
    };
    stream.on('data', on.message);
    stream.on('error', (error: GrpcJs.ServiceError) => end(this.#translated(call.what, error, client)));
    stream.on('end', () => end());
    return stream as unknown as Duplex<Request, Response>;
  }

  /** Drops the connection: it is silent, or its server cannot serve. */
  drop(client = this.#client): void {
    if (!client || client !== this.#client) return;
    this.#client = undefined;
    this.#endpoint = (this.#endpoint + 1) % this.url.endpoints.length;
    for (const call of [...this.#calls]) call.cancel();
    client.close();
  }

  /** Ends every call and the connection. */
  close(): void {
    this.#closed = true;
    this.drop();
  }

  #open(): GrpcJs.Client {
    if (this.#client) return this.#client;
    const { host, port } = this.endpoint;
    const { tls } = this.url;
    const credentials = tls
      ? this.grpc.credentials.createSsl(tls.ca, tls.key, tls.cert)
      : this.grpc.credentials.createInsecure();
    this.#client = new this.grpc.Client(
      `${host.includes(':') ? `[${host}]` : host}:${port + this.portOffset}`,
      credentials,
      {
        // Each registry client has a connection of its own, which it can drop.
        'grpc.use_local_subchannel_pool': 1,
        'grpc.max_receive_message_length': LONGEST_MESSAGE_BYTES,
        'grpc.enable_retries': 0,
        'grpc.enable_http_proxy': 0,
      },
    );
    return this.#client;
  }

  /** For messages: the port that was asked, where it is another than the address says. */
  get #where(): string {
    return this.portOffset === 0 ? '' : ` (gRPC is ${this.portOffset} ports above)`;
  }

  #metadata(headers: Record<string, string> = {}): GrpcJs.Metadata {
    const metadata = new this.grpc.Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  }

  #translated(what: string, error: GrpcJs.ServiceError, client: GrpcJs.Client): Error {
    if (this.#closed) return this.url.errors.closed();
    const { UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL } = this.grpc.status;
    if ([UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL].includes(error.code)) {
      // A call that was cancelled here says nothing of its connection.
      if (error.code !== CANCELLED) this.drop(client);
      const reason =
        error.code === DEADLINE_EXCEEDED ? `no answer within ${DEADLINE_MS} ms to: ${what}` : reasonOf(error);
      return this.url.errors.unreachable(this.url.server, `${reason}${this.#where}`, error);
    }
    const refusal = this.url.errors.refused(this.url.server, what, error.details || error.message, error);
    return Object.assign(refusal, { grpcStatus: error.code });
  }
}

/** The status that a server refused with, where it is that kind of error. */
export const grpcStatusOf = (error: unknown): number | undefined => (error as { grpcStatus?: number }).grpcStatus;

function reasonOf({ details, message }: GrpcJs.ServiceError): string {
  const text = details || message;
  if (text.includes('ECONNREFUSED')) return 'connection refused';
  if (text.includes('ENOTFOUND')) return 'no such host';
  if (/ECONNRESET|Connection dropped/.test(text)) return 'connection reset';
  return certificateRefusal(text) ?? text;
}
