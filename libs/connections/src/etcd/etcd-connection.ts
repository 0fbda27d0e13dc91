import { type Duplex, GrpcConnection, grpcStatusOf, loadGrpc, type Method } from '../grpc/grpc-connection.ts';
import type { ServerUrl } from '../server-url.ts';
import { etcdProtocol, type RangeResponse, type WatchResponse } from './etcd-protocol.ts';

const KEEP_ALIVE_MS = 2_000;

/** What a registry asks of etcd, with the token of its user. */
export class EtcdConnection {
  readonly #connection: GrpcConnection;
  readonly #method: (path: string) => Method;
  readonly #unauthenticated: number;
  #token: Promise<string> | undefined;

  private constructor(
    readonly url: ServerUrl,
    { grpc, method }: Awaited<ReturnType<typeof loadGrpc>>,
  ) {
    this.#connection = new GrpcConnection(grpc, url);
    this.#method = (path) => method(`etcdserverpb.${path}`);
    this.#unauthenticated = grpc.status.UNAUTHENTICATED;
  }

  static async to(url: ServerUrl): Promise<EtcdConnection> {
    return new EtcdConnection(url, await loadGrpc(etcdProtocol, url.errors));
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  range(prefix: string, what: string, { keysOnly = false, signal }: { keysOnly?: boolean; signal?: AbortSignal } = {}) {
    const request = { ...keysUnder(prefix), keys_only: keysOnly };
    return this.#call<RangeResponse>('KV/Range', request, what, signal);
  }

  async put(key: string, value: string, lease: string, what: string): Promise<void> {
    await this.#call('KV/Put', put(key, value, lease), what);
  }

  async putWhereAbsent(key: string, value: string, lease: string, what: string, signal: AbortSignal): Promise<void> {
    const absent = { result: 0, target: 1, key: Buffer.from(key), create_revision: 0 };
    const request = { compare: [absent], success: [{ request_put: put(key, value, lease) }] };
    await this.#call('KV/Txn', request, what, signal);
  }

  async grantLease(leaseMs: number, what: string): Promise<string> {
    const { ID } = await this.#call<{ ID: string }>('Lease/LeaseGrant', { TTL: Math.ceil(leaseMs / 1_000) }, what);
    return ID;
  }

  async revokeLease(lease: string, what: string): Promise<void> {
    await this.#call('Lease/LeaseRevoke', { ID: lease }, what);
  }

  /** Answers false when the lease is over. */
  async keepLeaseAlive(lease: string, what: string, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const headers = await this.#headers(what);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const stream = this.#connection.duplex<object, { TTL: string }>(
      this.#method('Lease/LeaseKeepAlive'),
      { what, headers },
      { message: ({ TTL }) => resolve(Number(TTL) > 0), end: (error) => reject(error ?? new Error('ended')) },
    );
    const slow = (): void =>
      reject(this.url.errors.unreachable(this.url.server, `no answer within ${KEEP_ALIVE_MS} ms to: ${what}`));
    const timer = setTimeout(slow, KEEP_ALIVE_MS);
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      stream.write({ ID: lease });
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      stream.cancel();
    }
  }

  async watchStream(on: {
    message: (message: WatchResponse) => void;
    end: (error?: Error) => void;
  }): Promise<Duplex<object, WatchResponse>> {
    const what = 'watch the instances';
    const headers = await this.#headers(what);
    return this.#connection.duplex<object, WatchResponse>(this.#method('Watch/Watch'), { what, headers }, on);
  }

  drop(): void {
    this.#connection.drop();
  }

  close(): void {
    this.#connection.close();
  }

  async #call<Response extends object>(
    path: string,
    request: object,
    what: string,
    signal?: AbortSignal,
  ): Promise<Response> {
    const ask = async () =>
      this.#connection.unary<Response>(this.#method(path), request, {
        what,
        headers: await this.#headers(what),
        ...(signal ? { signal } : {}),
      });
    try {
      return await ask();
    } catch (error) {
      // A token ends with its time, or with the server that gave it.
      if (!this.url.credentials || grpcStatusOf(error) !== this.#unauthenticated) throw error;
      this.#token = undefined;
      return ask();
    }
  }

  async #headers(what: string): Promise<Record<string, string>> {
    const { credentials } = this.url;
    if (!credentials) return {};
    this.#token ??= this.#connection
      .unary<{ token: string }>(
        this.#method('Auth/Authenticate'),
        { name: credentials.user, password: credentials.password },
        { what },
      )
      .then(({ token }) => token);
    try {
      return { token: await this.#token };
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }
}

const put = (key: string, value: string, lease: string) => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  lease,
});

/** Every key that begins with the prefix, which ends with a slash: up to the same text with the next byte after it. */
export const keysUnder = (prefix: string) => ({
  key: Buffer.from(prefix),
  range_end: Buffer.from(`${prefix.slice(0, -1)}0`),
});
