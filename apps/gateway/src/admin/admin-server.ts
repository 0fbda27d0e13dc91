import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { PROBLEM_MEDIA_TYPE, RookeryError, toProblem } from '@rookery/observability';
import { z } from 'zod';
import { hostInUrl } from '../host-in-url.ts';
import { newTraceparent, traceIdOf } from '../observe/trace.ts';

/** Where administrators ask: a port of its own, which no client of the gateway reaches. */
export interface AdminAddress {
  host: string;
  /** 0 for any free one. */
  port: number;
  /** Whether another port may be taken where this one is in use. */
  otherwiseAny: boolean;
}

/** Answers one path; what it returns is sent as JSON, nothing where it has answered by itself. */
export type AdminPage = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Refuses a request by throwing. */
export type AdminGuard = (request: IncomingMessage) => void | Promise<void>;

const DEFAULT_PORT = 8_081;
const MAX_CONNECTIONS = 256;
const Port = z.coerce.number().int().min(0).max(65_535);

/** Reads GATEWAY_ADMIN_HOST and GATEWAY_ADMIN_PORT. */
export function adminAddress({ GATEWAY_ADMIN_HOST, GATEWAY_ADMIN_PORT }: NodeJS.ProcessEnv): AdminAddress {
  const host = GATEWAY_ADMIN_HOST || '127.0.0.1';
  if (!GATEWAY_ADMIN_PORT) return { host, port: DEFAULT_PORT, otherwiseAny: true };
  const port = Port.safeParse(GATEWAY_ADMIN_PORT);
  if (!port.success)
    throw new RookeryError(
      'GATEWAY_ADMIN_PORT',
      'GATEWAY_ADMIN_PORT must be a port, like 8081, or 0 for any free one.',
    );
  return { host, port: port.data, otherwiseAny: false };
}

/** The port for administrators and for Prometheus. Only GET; pages are added once there is something to show. */
export class AdminServer {
  readonly port: number;
  readonly url: string;
  readonly #server: Server;
  #pages: ReadonlyMap<string, AdminPage> = new Map();
  #guard: AdminGuard = () => {};

  private constructor(server: Server) {
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.port = port;
    this.url = `http://${hostInUrl(address)}:${port}`;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async listen({ host, port, otherwiseAny }: AdminAddress): Promise<AdminServer> {
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 16 * 1024 });
    server.maxConnections = MAX_CONNECTIONS;
    try {
      await listening(server, host, port);
    } catch (error) {
      if (!otherwiseAny || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
        throw new RookeryError('GATEWAY_ADMIN_PORT', `The admin port ${host}:${port} cannot be had.`, { cause: error });
      }
      await listening(server, host, 0);
    }
    return new AdminServer(server);
  }

  serve(pages: ReadonlyMap<string, AdminPage>, guard: AdminGuard): void {
    this.#pages = pages;
    this.#guard = guard;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const [path = ''] = (request.url ?? '').split('?', 1);
      const page = this.#pages.get(path);
      if (!isNamedByAddress(request.headers.host)) throw refusals.wrongHost();
      if (!page) throw refusals.unknown([...this.#pages.keys()]);
      if (request.method !== 'GET') throw refusals.onlyGet();
      await this.#guard(request);
      const shown = await page(request, response);
      if (shown !== undefined) send(response, 200, 'application/json', shown);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else sendProblem(response, error);
    }
  }
}

/** A page of the web whose name was pointed at this address would send its own name: DNS rebinding. */
function isNamedByAddress(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || !name.includes('.');
}

const refusals = {
  wrongHost: () => new RookeryError('FORBIDDEN', 'The admin port is asked by its address.', { status: 403 }),
  unknown: (paths: string[]) =>
    new RookeryError('ROUTE_UNKNOWN', `There is nothing here. There is ${paths.join(', ')}.`, { status: 404 }),
  onlyGet: () => new RookeryError('METHOD_NOT_ALLOWED', 'The admin port answers GET.', { status: 405 }),
};

function sendProblem(response: ServerResponse, error: unknown): void {
  const known = error instanceof RookeryError ? error : new RookeryError('INTERNAL', 'This could not be shown.');
  if (known.status === 401) response.setHeader('www-authenticate', 'Bearer');
  if (known.status === 405) response.setHeader('allow', 'GET');
  send(response, known.status, PROBLEM_MEDIA_TYPE, toProblem(known, traceIdOf(newTraceparent())));
}

function send(response: ServerResponse, status: number, type: string, shown: unknown): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(JSON.stringify(shown));
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
