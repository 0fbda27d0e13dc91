import { type Duplex, GrpcConnection, grpcStatusOf, loadGrpc, type Method } from '../grpc/grpc-connection.ts';
import type { ServerUrl } from '../server-url.ts';
import {
  etcdProtocol,
  type KeyValue,
  type RangeResponse,
  type TxnResponse,
  type WatchResponse,
} from './etcd-protocol.ts';

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

  /** Answers the revision at which the key was made, undefined where it was there. */
  putWhereAbsent(key: string, value: string, lease: string, what: string, signal?: AbortSignal) {
    return this.#putWhere({ target: 1, create_revision: 0 }, put(key, value, lease), what, signal);
  }

  /** Answers the new revision, undefined where the key's last change was not at `revision` (0: the key is not there). */
  putWhereUnchanged(key: string, value: string, revision: string, what: string) {
    return this.#putWhere({ target: 2, mod_revision: revision }, put(key, value, '0'), what);
  }

  /** One key, undefined where it is not there. */
  async get(key: string, what: string): Promise<KeyValue | undefined> {
    return (await this.#call<RangeResponse>('KV/Range', { key: Buffer.from(key) }, what)).kvs[0];
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

  async watchStream(
    on: { message: (message: WatchResponse) => void; end: (error?: Error) => void },
    what = 'watch the instances',
  ): Promise<Duplex<object, WatchResponse>> {
    const headers = await this.#headers(what);
    return this.#connection.duplex<object, WatchResponse>(this.#method('Watch/Watch'), { what, headers }, on);
  }

  drop(): void {
    this.#connection.drop();
  }

  close(): void {
    this.#connection.close();
  }

  async #putWhere(
    comparison: object,
    request: { key: Buffer },
    what: string,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const compare = [{ result: 0, key: request.key, ...comparison }];
    const body = { compare, success: [{ request_put: request }] };
    const answer = await this.#call<TxnResponse>('KV/Txn', body, what, signal);
    return answer.succeeded ? answer.header.revision : undefined;
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
