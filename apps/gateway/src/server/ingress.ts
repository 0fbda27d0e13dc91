import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Logger } from '@rookery/observability';
import { errors } from '../errors.ts';
import { hostInUrl } from '../host-in-url.ts';
import { type Http2Limits, http2Options, watchSession } from '../protocols/http2/http2-limits.ts';
import { GatewayHttp2Response } from '../protocols/http2/http2-response.ts';
import { CertificateFiles } from '../protocols/tls/certificate-files.ts';
import type { TlsSettings } from '../protocols/tls/tls-settings.ts';
import { divertHttp2 } from './plain-connections.ts';

/** How long clients that know the address may still come, after the gateway has begun to drain. */
const LINGER_MS = 200;
/** As Node's HTTP/1.1 server takes. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_STREAMS = 128;

export interface IngressSettings extends Omit<Http2Limits, 'maxHeaderBytes' | 'maxConcurrentStreams'> {
  tls?: TlsSettings | undefined;
}

/**
 * What comes in beside plain HTTP/1.1: HTTP/2 on the same port for clients that begin with it, and TLS on a port of its
 * own for both. All requests come out of the plain server's `request` event, so that one data path, one drain and one
 * set of limits serve them.
 */
export class Ingress {
  readonly #http2: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #tls: TlsServer | undefined;
  readonly #certificates: CertificateFiles | undefined;
  #port = 0;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #linger: NodeJS.Timeout | undefined;

  constructor(server: Server, settings: IngressSettings, logger: Pick<Logger, 'info' | 'warn'>) {
    this.#http2 = this.#createHttp2(server, settings);
    const toHttp1 = divertHttp2(server, (socket) => this.#http2.emit('connection', socket));
    const { tls } = settings;
    this.#logger = logger;
    if (!tls) return;
    this.#port = tls.port;
    this.#certificates = new CertificateFiles(tls, {
      onCertificate: (context) => {
        this.#tls?.setSecureContext(context);
        logger.info({ certFile: tls.certFile }, 'certificate loaded');
      },
      onRefused: ({ code, message }) => logger.warn({ code, reason: message }, 'certificate refused'),
    });
    this.#tls = this.#createTls(tls, this.#certificates, toHttp1);
  }

  /** The TLS port that was taken; undefined without TLS. */
  get tlsPort(): number | undefined {
    return (this.#tls?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Opens the TLS port, where there is to be one. Throws `GATEWAY_TLS_PORT`. */
  async listen(address: string): Promise<void> {
    const tls = this.#tls;
    if (!tls) return;
    try {
      await once(tls.listen(this.#port, address), 'listening');
    } catch (error) {
      throw errors.tlsPort(address, this.#port, error as Error);
    }
    this.#logger.info({ event: 'TLS port ready', url: `https://${hostInUrl(address)}:${this.tlsPort}` });
  }

  /** Tells HTTP/2 clients to open no more streams here, and soon takes no new TLS connections. */
  drain(): void {
    for (const session of this.#sessions) session.close();
    this.#linger ??= setTimeout(() => this.#tls?.close(), LINGER_MS).unref();
  }

  /** Cuts what is left. */
  close(): void {
    clearTimeout(this.#linger);
    this.#certificates?.close();
    this.#tls?.close();
    for (const session of this.#sessions) session.destroy();
  }

  #createHttp2(server: Server, settings: IngressSettings): Http2Server {
    const limits = { ...settings, maxHeaderBytes: MAX_HEADER_BYTES, maxConcurrentStreams: MAX_STREAMS };
    const http2 = createHttp2Server({ ...http2Options(limits), Http2ServerResponse: GatewayHttp2Response });
    const pass = (event: 'request' | 'checkExpectation') => (request: unknown, response: unknown) =>
      server.emit(event, request as IncomingMessage, response as ServerResponse);
    http2.on('request', pass('request'));
    http2.on('checkContinue', pass('request'));
    http2.on('checkExpectation', pass('checkExpectation'));
    http2.on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
      watchSession(session, limits);
    });
    http2.on('sessionError', () => {});
    return http2;
  }

  #createTls(settings: TlsSettings, { current }: CertificateFiles, toHttp1: (socket: Socket) => void): TlsServer {
    const tls = createTlsServer({
      ...current,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: settings.handshakeTimeoutMs,
      requestCert: settings.clientAuth !== 'none',
      rejectUnauthorized: settings.clientAuth === 'require',
      // Half-closed clients still get their answer, as on the plain port.
      allowHalfOpen: true,
      noDelay: true,
    } as never);
    tls.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') this.#http2.emit('connection', socket);
      else toHttp1(socket);
    });
    return tls;
  }
}
