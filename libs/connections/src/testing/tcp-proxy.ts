import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface Address {
  host: string;
  port: number;
}

export interface Certificate {
  key: Buffer;
  cert: Buffer;
  /** When given, a client must show a certificate that this authority signed. */
  clientCa?: Buffer;
}

/** Stands between a driver and its server, counts what the driver does, and breaks the network in the ways networks break. */
export class TcpProxy {
  /** When the driver connected, by performance.now(). */
  readonly connectedAtMs: number[] = [];
  /** Pieces of data that came from the driver; about one a request. */
  requests = 0;
  #cut = false;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server: Server;

  private constructor(
    readonly target: Address,
    tls?: Certificate,
  ) {
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#server = tls
      ? createTlsServer(
          {
            ...{ key: tls.key, cert: tls.cert, ALPNProtocols: ['h2', 'http/1.1'] },
            ...(tls.clientCa ? { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true } : {}),
          },
          accept,
        ).on('tlsClientError', () => {})
      : createServer({ noDelay: true }, accept);
  }

  /** @param tls when given, the proxy speaks TLS with the driver and plainly with its server */
  static async before(target: Address, tls?: Certificate): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, tls);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** Resets every connection, and each new one. */
  cut(): void {
    this.#cut = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  heal(): void {
    this.#cut = false;
  }

  /** Swallows what goes through the present connections, which stay open: a half-open TCP. New ones work. */
  silence(): void {
    for (const [inner, outer] of this.#pairs) {
      inner.unpipe(outer).resume();
      outer.unpipe(inner).resume();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(inner: Socket): void {
    this.connectedAtMs.push(performance.now());
    if (this.#cut) {
      inner.destroy();
      return;
    }
    const outer = connect({ ...this.target, noDelay: true });
    const pair = [inner, outer] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
    inner.on('data', () => {
      this.requests++;
    });
    inner.pipe(outer);
    outer.pipe(inner);
  }
}
