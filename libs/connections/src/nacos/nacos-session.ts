import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex, GrpcConnection, Method } from '../grpc/grpc-connection.ts';
import type { ServerUrl } from '../server-url.ts';
import { type NacosAnswer, type NacosMessage, type Payload, toMessage, toPayload } from './nacos-protocol.ts';

/** How long the server may take to know a connection. Servers before 3.0 do not say when they do; their clients wait so long. */
const SETUP_MS = 2_000;
const OLD_SETUP_MS = 100;
const [OK, NO_RIGHT] = [200, 403];
/** The server is starting, or does not know the connection. */
const NOT_NOW = new Set([300, 301]);

export interface NacosSessionOptions {
  grpc: GrpcConnection;
  method: (path: string) => Method;
  url: ServerUrl;
  /** What the server shows of the client: `naming` or `config`. */
  module: string;
  namespace: string;
  /** How often the connection is tried when nothing else happens. */
  tryMs: number;
  headers: () => Promise<Record<string, string>>;
  onMessage: (message: NacosMessage) => void;
}

/** The server knows no right for what was asked. */
export class NacosForbidden extends Error {}

/** The code that a server refused with, where it is that kind of error. */
export const nacosCodeOf = (error: unknown): number | undefined => (error as { nacosCode?: number }).nacosCode;

/** One connection, which to Nacos is one client: what it registered and asked to be told of ends with it. */
export class NacosSession {
  readonly ended: Promise<void>;
  readonly #end: () => void;
  readonly #known = Promise.withResolvers<void>();
  #over = false;
  #stream: Duplex<Payload, Payload> | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(private readonly options: NacosSessionOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  static async open(options: NacosSessionOptions): Promise<NacosSession> {
    const session = new NacosSession(options);
    try {
      await session.#start();
    } catch (error) {
      session.end();
      throw error;
    }
    return session;
  }

  /** @param what for messages: `register orders-1` */
  async ask<Answer extends object>(message: NacosMessage, what: string, signal?: AbortSignal): Promise<Answer> {
    const { grpc, method, url, headers } = this.options;
    const payload = toPayload(message, await headers());
    if (this.#over) throw url.errors.unreachable(url.server, 'the connection ended');
    const call = { what, ...(signal ? { signal } : {}) };
    const reply = toMessage(await grpc.unary<Payload>(method('Request/request'), payload, call));
    const answer = reply.body as NacosAnswer;
    if (answer.resultCode === OK) return answer as Answer;
    const reason = `${answer.errorCode ?? answer.resultCode} ${answer.message ?? ''}`.trim();
    if (answer.errorCode === NO_RIGHT) throw new NacosForbidden(reason);
    // Elsewhere the same numbers mean other things.
    if (reply.type !== 'ErrorResponse' || !NOT_NOW.has(answer.errorCode ?? 0)) {
      throw Object.assign(url.errors.refused(url.server, what, reason), { nacosCode: answer.errorCode });
    }
    this.end();
    throw url.errors.unreachable(url.server, reason);
  }

  /** Ends it at once; the server sees that. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#stream?.cancel();
    this.options.grpc.drop();
    this.#end();
  }

  async #start(): Promise<void> {
    const { grpc, method, url, module, namespace } = this.options;
    const { supportAbilityNegotiation } = await this.ask<{ supportAbilityNegotiation?: boolean }>(
      { type: 'ServerCheckRequest', body: { module: 'internal' } },
      'connect',
    );
    this.#stream = grpc.duplex<Payload, Payload>(
      method('BiRequestStream/requestBiStream'),
      { what: 'hear of changes' },
      { message: (payload) => this.#take(payload), end: () => this.end() },
    );
    this.#send({
      type: 'ConnectionSetupRequest',
      body: {
        module: 'internal',
        clientVersion: 'Rookery-Client:v0.1',
        tenant: namespace,
        labels: { source: 'sdk', module },
        abilityTable: { fuzzyWatch: true },
      },
    });
    const knownMs = supportAbilityNegotiation ? SETUP_MS : OLD_SETUP_MS;
    const waited = new AbortController();
    const late = delay(knownMs, undefined, { signal: waited.signal }).catch(() => {});
    await Promise.race([this.#known.promise, late, this.ended]).finally(() => waited.abort());
    if (this.#over) throw url.errors.unreachable(url.server, 'the connection ended');
    this.#tryLater();
  }

  #take(payload: Payload): void {
    let message: NacosMessage;
    try {
      message = toMessage(payload);
    } catch {
      // Whatever it said is missed: a new connection asks for all of it.
      this.end();
      return;
    }
    const { type, body } = message;
    // The server ends a connection whose client does not answer.
    this.#send({ type: type.replace(/Request$/, 'Response'), body: { resultCode: OK, requestId: body.requestId } });
    if (type === 'SetupAckRequest') this.#known.resolve();
    else if (type === 'ConnectResetRequest') this.end();
    else this.options.onMessage(message);
  }

  #send(message: NacosMessage): void {
    if (!this.#over) this.#stream?.write(toPayload(message));
  }

  /** A connection that died in silence is found by a request that is not answered within its deadline. */
  #tryLater(): void {
    if (this.#over) return;
    this.#timer = setTimeout(async () => {
      await this.ask({ type: 'HealthCheckRequest', body: { module: 'internal' } }, 'answer').catch(() => this.end());
      this.#tryLater();
    }, this.options.tryMs);
  }
}
