import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ServerUrl } from '@rookery/connections';
import { reasonOf } from '@rookery/connections';
import { discoveryErrors } from '../../errors.ts';

const DEADLINE_MS = 2_000;
/** The server is there, but cannot serve now. */
const UNAVAILABLE = new Set([429, 500, 502, 503, 504]);

export interface EurekaReply {
  status: number;
  body: string;
}

export interface EurekaCall {
  method: string;
  /** After the URL's own path: `/apps/ORDERS`. */
  path: string;
  /** For messages: `register orders-1`. */
  what: string;
  body?: object;
  signal?: AbortSignal;
}

/** HTTP to one of the servers, to the next one where it does not answer; a deadline on each call, and our errors. */
export class EurekaConnection {
  readonly #agent: HttpAgent;
  readonly #closed = new AbortController();
  #endpoint = 0;

  constructor(readonly url: ServerUrl) {
    this.#agent = url.tls ? new HttpsAgent({ keepAlive: true, ...url.tls }) : new HttpAgent({ keepAlive: true });
  }

  get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Answers 2xx and 404; throws on everything else. */
  async call({ method, path, what, body, signal }: EurekaCall): Promise<EurekaReply> {
    if (this.closed) throw discoveryErrors.closed();
    signal?.throwIfAborted();
    const { server } = this.url;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), DEADLINE_MS);
    const ended = AbortSignal.any([deadline.signal, this.#closed.signal, ...(signal ? [signal] : [])]);
    let reply: EurekaReply;
    try {
      reply = await this.#send(method, path, body, ended);
    } catch (error) {
      if (this.closed) throw discoveryErrors.closed();
      signal?.throwIfAborted();
      this.#endpoint++;
      const reason = deadline.signal.aborted ? `no answer within ${DEADLINE_MS} ms to: ${what}` : reasonOf(error);
      throw discoveryErrors.unreachable(server, reason, error);
    } finally {
      clearTimeout(timer);
    }
    const { status } = reply;
    if ((status >= 200 && status < 300) || status === 404) return reply;
    if (UNAVAILABLE.has(status)) {
      this.#endpoint++;
      throw discoveryErrors.unreachable(server, `it is there, but answered ${status}`);
    }
    throw discoveryErrors.refused(server, what, `${status} ${reply.body.slice(0, 300)}`.trim());
  }

  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }

  async #send(method: string, path: string, body: object | undefined, signal: AbortSignal): Promise<EurekaReply> {
    const { endpoints, credentials, tls, path: base } = this.url;
    const { host, port } = endpoints[this.#endpoint % endpoints.length] ?? endpoints[0];
    const content = body === undefined ? undefined : JSON.stringify(body);
    const options = {
      ...{ host, port, method, signal, agent: this.#agent },
      path: `/${base}${path}`,
      headers: {
        accept: 'application/json',
        ...(content === undefined
          ? { 'content-length': '0' }
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
      },
      ...(credentials ? { auth: `${credentials.user}:${credentials.password}` } : {}),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = tls ? httpsRequest(options, resolve) : httpRequest(options, resolve);
    request.once('error', reject).end(content);
    const response = await promise;
    return { status: response.statusCode ?? 0, body: await text(response) };
  }
}
