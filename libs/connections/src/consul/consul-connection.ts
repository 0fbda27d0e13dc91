import { EventEmitter } from 'node:events';
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Consul from 'consul';
import type { ConnectionErrors } from '../connection-errors.ts';
import { reasonOf } from '../network-reason.ts';
import type { ConsulAddress } from './consul-url.ts';

/** How long a call that does not block may take. */
const DEADLINE_MS = 2_000;
/** Consul is there, but cannot serve now: no leader, overloaded. */
const UNAVAILABLE = new Set([429, 502, 503, 504]);

/** Options that the client hands on to each request, though its types do not name them. */
export interface RequestOptions {
  ctx: EventEmitter;
  timeout: number;
}

export interface Answer {
  body: unknown;
  /** X-Consul-Index; 0 where the answer has none. */
  index: number;
  headers: IncomingHttpHeaders;
}

export interface CallLimits {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** The npm client with a deadline on each call, cancellation by AbortSignal, and our errors. */
export class ConsulConnection {
  readonly client: InstanceType<typeof Consul>;
  readonly #server: string;
  readonly #errors: ConnectionErrors;
  readonly #closed = new AbortController();

  constructor({ host, port, tls, token, dc, server, errors }: ConsulAddress) {
    const defaults = { ...(token ? { token } : {}), ...(dc ? { dc } : {}) };
    const agent = tls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
    const secure = tls !== undefined;
    this.client = new Consul({ host: host.includes(':') ? `[${host}]` : host, port, secure, defaults, agent });
    this.#server = server;
    this.#errors = errors;
  }

  /**
   * @param what for messages: `register orders-1`
   * @param ask calls the client and hands the options on
   */
  async call(
    what: string,
    ask: (options: RequestOptions) => Promise<unknown>,
    { timeoutMs = DEADLINE_MS, signal }: CallLimits = {},
  ): Promise<Answer> {
    if (this.#closed.signal.aborted) throw this.#errors.closed();
    signal?.throwIfAborted();
    const ctx = Object.assign(new EventEmitter(), { includeResponse: true });
    const cancel = (): boolean => ctx.emit('cancel');
    this.#closed.signal.addEventListener('abort', cancel);
    signal?.addEventListener('abort', cancel);
    try {
      const [response, body] = (await ask({ ctx, timeout: timeoutMs })) as [IncomingMessage, unknown];
      return { body, index: indexOf(response), headers: response.headers };
    } catch (error) {
      if (this.#closed.signal.aborted) throw this.#errors.closed();
      signal?.throwIfAborted();
      throw this.#translated(what, error, timeoutMs);
    } finally {
      this.#closed.signal.removeEventListener('abort', cancel);
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends every call and every connection. */
  close(): void {
    this.#closed.abort();
    this.client.destroy();
  }

  #translated(what: string, error: unknown, timeoutMs: number): Error {
    const known = error as { isTimeout?: boolean; isResponse?: boolean; statusCode?: number; code?: string };
    const response = (error as { response?: { body?: unknown } }).response;
    if (known.isResponse && known.statusCode !== undefined && !UNAVAILABLE.has(known.statusCode)) {
      const body = response?.body ?? '';
      const isText = typeof body === 'string' || Buffer.isBuffer(body);
      const text = (isText ? String(body) : JSON.stringify(body)).slice(0, 300).trim();
      return Object.assign(this.#errors.refused(this.#server, what, `${known.statusCode} ${text}`.trim(), error), {
        consulStatus: known.statusCode,
      });
    }
    if (known.isTimeout) return this.#errors.unreachable(this.#server, `no answer within ${timeoutMs} ms`, error);
    if (known.isResponse) {
      return this.#errors.unreachable(this.#server, `it is there, but answered ${known.statusCode}`, error);
    }
    return this.#errors.unreachable(this.#server, reasonOf(error), error);
  }
}

function indexOf(response: IncomingMessage): number {
  const index = Number(response.headers['x-consul-index']);
  return Number.isSafeInteger(index) && index > 0 ? index : 0;
}

/** The status that a Consul refused with, where it is that kind of error. */
export const consulStatusOf = (error: unknown): number | undefined => (error as { consulStatus?: number }).consulStatus;

/** Whether a heartbeat's error says that the agent no longer knows the check. */
export function saysForgotten(error: unknown): boolean {
  const status = consulStatusOf(error);
  return status === 404 || status === 500;
}
