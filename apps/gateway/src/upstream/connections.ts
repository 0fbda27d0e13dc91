import type { Duplex } from 'node:stream';
import { buildConnector, Client, Dispatcher } from 'undici';

type Options = Dispatcher.DispatchOptions;
type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;
type Headers = Record<string, string | string[] | undefined>;
type ClientOptions = Omit<Client.Options, 'connect'> & { connect: buildConnector.BuildOptions };

/**
 * Connections to one origin, each with one request at a time; the one that was used last is taken first, so that no more
 * of them stay open than are needed. undici's Pool looks for a free client from the first on and hears of it a turn later.
 */
export class Connections extends Dispatcher {
  readonly #origin: string;
  readonly #options: Client.Options;
  readonly #most: number;
  readonly #clients: Client[] = [];
  readonly #free: Client[] = [];
  readonly #waiting: Ride[] = [];
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(origin: string, most: number, { connect, ...options }: ClientOptions) {
    super();
    this.#origin = origin;
    this.#most = most;
    // One for all, which knows the TLS sessions of them all.
    this.#options = { ...options, pipelining: 1, connect: buildConnector(connect) };
  }

  override dispatch(options: Options, handler: Handler): boolean {
    const ride = new Ride(this, options, handler);
    if (this.#closed) {
      handler.onResponseError?.(undefined as never, new Error('the connections are closed'));
      return false;
    }
    const client = this.#free.pop() ?? this.#oneMore();
    if (client) ride.start(client);
    else this.#waiting.push(ride);
    return client !== undefined;
  }

  /** A request has ended well: whoever waits has its connection. */
  release(client: Client): void {
    if (this.#waiting.length > 0) this.releaseSoon(client);
    else this.#free.push(client);
  }

  /** The same where undici is in the midst of it, and takes no other request for the connection before it is through. */
  releaseSoon(client: Client): void {
    queueMicrotask(() => this.#pass(client));
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    this.#closed ??= Promise.withResolvers();
    if (this.#waiting.length === 0) this.#closeAll();
    const { promise } = this.#closed;
    if (!callback) return promise;
    void promise.finally(callback);
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(...given: unknown[]): Promise<void> | void {
    const callback = given.find((each) => typeof each === 'function') as (() => void) | undefined;
    const closed = this.close();
    for (const ride of this.#waiting.splice(0)) ride.fail(new Error('the connections were cut'));
    this.#closeAll();
    const destroyed = Promise.all([closed, ...this.#clients.map((client) => client.destroy())]).then(() => {});
    if (!callback) return destroyed;
    void destroyed.finally(callback);
  }

  #oneMore(): Client | undefined {
    if (this.#clients.length >= this.#most) return undefined;
    const client = new Client(this.#origin, this.#options);
    this.#clients.push(client);
    return client;
  }

  #pass(client: Client): void {
    const next = this.#waiting.shift();
    if (next) next.start(client);
    else this.#free.push(client);
    if (this.#closed && this.#waiting.length === 0) this.#closeAll();
  }

  /** Lets what runs end. */
  #closeAll(): void {
    const ends = this.#clients.map((client) => (client.closed ? undefined : client.close()));
    Promise.allSettled(ends).then(() => this.#closed?.resolve());
  }
}

/** A request that has a connection for itself until it has ended. */
class Ride implements Handler {
  #client: Client | undefined;

  constructor(
    private readonly connections: Connections,
    private readonly options: Options,
    private readonly handler: Handler,
  ) {}

  start(client: Client): void {
    this.#client = client;
    client.dispatch(this.options, this);
  }

  fail(error: Error): void {
    this.handler.onResponseError?.(undefined as never, error);
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, status: number, headers: Headers, socket: Duplex): void {
    this.#broken();
    this.handler.onRequestUpgrade?.(controller, status, headers as never, socket);
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, text?: string): void {
    this.handler.onResponseStart?.(controller, status, headers as never, text);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) this.connections.release(client);
    this.handler.onResponseEnd?.(controller, trailers as never);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#broken();
    this.handler.onResponseError?.(controller, error);
  }

  /** The client goes on without its connection. */
  #broken(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) this.connections.releaseSoon(client);
  }
}
