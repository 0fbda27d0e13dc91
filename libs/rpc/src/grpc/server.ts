import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { type MessageHandler, ServerGrpc } from '@nestjs/microservices';
import { type Context, context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { currentRequest, extract, RookeryError, within, withRequest } from '@rookery/observability';
import { HealthImplementation } from 'grpc-health-check';
import { loadDefinitions, serviceNames } from './definitions.ts';
import { Malformed, tolerant } from './malformed.ts';
import { carrierOf } from './metadata.ts';
import { toServiceError } from './service-error.ts';

export interface GrpcServerOptions {
  /** Package or packages whose services the controllers implement. */
  package: string | string[];
  /** Absolute path or paths of the .proto files that define them. */
  protoPath: string | string[];
  /** Listen address; 127.0.0.1 when not given. */
  host?: string;
  /** 0 (any free) when not given; {@link GrpcServer.port} has the one that was taken. */
  port?: number;
  /** Largest message in either direction, in bytes; 4 MiB when not given. A larger one is RESOURCE_EXHAUSTED. */
  maxMessageBytes?: number;
  /** How long close() waits for running calls, in ms; 10 s when not given. */
  drainMs?: number;
}

/** How often a closing server looks whether its handlers have ended; also the time that last answers have to leave. */
const LOOK_EVERY_MS = 200;

type UnaryCall = ServerUnaryCall<unknown, unknown>;
type UnaryMethod = (call: UnaryCall, callback: sendUnaryData<unknown>) => unknown;

/**
 * Nest's gRPC transport with what a service in a mesh needs besides: the health service (grpc.health.v1), reflection,
 * the caller's context and deadline around each handler, INVALID_ARGUMENT for bytes that are no message, the port that
 * was taken, and a close that lets running calls end.
 */
export class GrpcServer extends ServerGrpc {
  readonly #options: Required<GrpcServerOptions>;
  readonly #health: HealthImplementation;
  readonly #services: readonly string[];
  #server: Server | undefined;
  #port = 0;
  #running = 0;

  constructor(given: GrpcServerOptions) {
    const options = { host: '127.0.0.1', port: 0, maxMessageBytes: 4 * 1024 * 1024, drainMs: 10_000, ...given };
    const definitions = loadDefinitions(options.protoPath);
    super({
      package: options.package,
      packageDefinition: tolerant(definitions),
      onLoadPackageDefinition: (_definitions, server: Server) => {
        this.#health.addToServer(server);
        new ReflectionService(definitions).addToServer(server);
      },
    });
    this.#options = options;
    this.#services = serviceNames(definitions);
    this.#health = new HealthImplementation(
      Object.fromEntries(['', ...this.#services].map((name) => [name, 'SERVING'])),
    );
  }

  /** The port that is listened on; 0 before. */
  get port(): number {
    return this.#port;
  }

  /** What the health service answers from now on; clients that watch it are told at once. */
  setServing(serving: boolean): void {
    for (const name of ['', ...this.#services]) this.#health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  }

  override async createClient(): Promise<Server> {
    const { host, port, maxMessageBytes } = this.#options;
    const server = new Server({
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
    });
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(cannotListen(address, error)) : resolve(bound),
      );
    });
    this.#server = server;
    return server;
  }

  override createUnaryServiceMethod(methodHandler: MessageHandler): UnaryMethod {
    const handle = super.createUnaryServiceMethod(methodHandler) as UnaryMethod;
    return (call, callback) => {
      if (call.request instanceof Malformed) return callback(malformed(call));
      const received = callContext(call);
      const span = trace.getTracer('rookery').startSpan(call.getPath(), { kind: SpanKind.SERVER }, received);
      this.#running++;
      const answer: sendUnaryData<unknown> = (error, ...rest) => {
        this.#running--;
        if (error) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
        callback(error, ...rest);
      };
      return context.with(trace.setSpan(received, span), () => handle(call, answer));
    };
  }

  override createStreamServiceMethod(methodHandler: MessageHandler): (call: UnaryCall, callback: unknown) => unknown {
    const handle = super.createStreamServiceMethod(methodHandler);
    return (call, callback) => {
      if (call.request instanceof Malformed) return call.emit('error', malformed(call));
      this.#running++;
      return context
        .with(callContext(call), async () => handle(call, callback))
        .finally(() => {
          this.#running--;
        });
    };
  }

  /** Ends at once, cutting running calls off. */
  kill(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  override async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.setServing(false);
    const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    const giveUpAtMs = Date.now() + this.#options.drainMs;
    // Watchers of health and readers of reflection never hang up: they wait for us, so we do not wait for them.
    while (!(await within(drained, LOOK_EVERY_MS)) && this.#running > 0 && Date.now() < giveUpAtMs);
    server.forceShutdown();
  }
}

/** Options for `app.connectMicroservice`: a {@link GrpcServer} for one protobuf package. */
export function grpcTransport(options: GrpcServerOptions): { strategy: GrpcServer } {
  return { strategy: new GrpcServer(options) };
}

/** What the caller sent along, with the nearer of its two deadlines. */
function callContext(call: UnaryCall): Context {
  const received = extract(carrierOf(call.metadata));
  const request = currentRequest(received);
  const deadlineAtMs = Math.min(Number(call.getDeadline()), request.deadlineAtMs ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(deadlineAtMs) ? withRequest({ ...request, deadlineAtMs }, received) : received;
}

const malformed = (call: UnaryCall) =>
  toServiceError(
    new RookeryError(
      'RPC_MESSAGE_MALFORMED',
      `The request of ${call.getPath()} is not the message that is defined for it.`,
      { status: 400 },
    ),
  );

const cannotListen = (address: string, cause: Error) =>
  new RookeryError(
    'RPC_CANNOT_LISTEN',
    `gRPC cannot listen on ${address}: ${cause.message}. Set GRPC_PORT to a free port.`,
    {
      cause,
    },
  );
