import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { reasonOf, type TlsOptions } from '@rookery/connections';
import { RookeryError } from '@rookery/observability';
import { discoveryErrors } from '../../errors.ts';
import type { EndpointSlice } from './endpoint-slices.ts';
import { type KubernetesAddress, SERVICE_ACCOUNT } from './kubernetes-url.ts';
import { linesOf } from './lines.ts';

/** How long a call that does not watch may take. */
const DEADLINE_MS = 2_000;
/** What the server may need beyond the time that a watch was asked for. */
const WATCH_SLACK_MS = 1_500;
const LONGEST_LIST_BYTES = 64 * 1024 * 1024;
/** The API server does not know who asks. */
const UNKNOWN = 401;
/** It is there, but cannot serve now. */
const UNAVAILABLE = new Set([429, 500, 502, 503, 504]);

export interface SliceList {
  metadata: { resourceVersion: string };
  items: EndpointSlice[];
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: EndpointSlice & { code?: number; message?: string };
}

export interface WatchRequest {
  selector: string;
  resourceVersion: string;
  onOpen: () => void;
  onEvent: (event: WatchEvent) => void;
  signal: AbortSignal;
}

/** LIST and WATCH of one namespace's EndpointSlices, with the token of the moment, deadlines and our errors. */
export class KubernetesConnection {
  readonly #address: KubernetesAddress;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #closed = new AbortController();

  constructor(address: KubernetesAddress) {
    this.#address = address;
    this.#agent = address.secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /** @param what for messages: `list the services` */
  async list(what: string, selector: string, signal?: AbortSignal): Promise<SliceList> {
    return this.#within(what, DEADLINE_MS, signal, async (ended) => {
      const response = await this.#get(what, { labelSelector: selector }, ended);
      const text = await textOf(response, LONGEST_LIST_BYTES);
      return JSON.parse(text) as SliceList;
    });
  }

  /** Hands on each event after `resourceVersion` until the watch's time is over; throws when it broke. */
  async watch({ selector, resourceVersion, onOpen, onEvent, signal }: WatchRequest): Promise<void> {
    const { waitMs } = this.#address;
    const what = 'watch the instances';
    await this.#within(what, waitMs + WATCH_SLACK_MS, signal, async (ended) => {
      const query = {
        labelSelector: selector,
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion,
        timeoutSeconds: String(waitMs / 1_000),
      };
      const response = await this.#get(what, query, ended);
      onOpen();
      for await (const line of linesOf(response)) {
        if (line.trim() !== '') onEvent(JSON.parse(line) as WatchEvent);
      }
    });
  }

  /** Ends every call and every connection. */
  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }

  async #within<T>(
    what: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    work: (ended: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closed.signal.aborted) throw discoveryErrors.closed();
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs);
    const ended = AbortSignal.any([deadline.signal, this.#closed.signal, ...(signal ? [signal] : [])]);
    try {
      return await work(ended);
    } catch (error) {
      if (this.#closed.signal.aborted) throw discoveryErrors.closed();
      signal?.throwIfAborted();
      if (error instanceof RookeryError) throw error;
      const reason = deadline.signal.aborted ? `no answer within ${timeoutMs} ms to: ${what}` : reasonOf(error);
      throw discoveryErrors.unreachable(this.#address.server, reason, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #get(what: string, query: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    const { host, port, secure, server, certFile } = this.#address;
    const [token, tls, namespace] = await Promise.all([this.#token(what), this.#certificates(what), this.#namespace()]);
    signal.throwIfAborted();
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
    const headers = { accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const options = { host, port, path: `${path}?${new URLSearchParams(query)}`, headers, agent: this.#agent, signal };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = secure ? httpsRequest({ ...options, ...tls }, resolve) : httpRequest(options, resolve);
    request.once('error', reject).end();
    const response = await promise;
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    const message = messageOf(await textOf(response, 64 * 1024));
    if (UNAVAILABLE.has(status)) throw discoveryErrors.unreachable(server, `it is there, but answered ${status}`);
    const hint = status === UNKNOWN && certFile ? `; does it know the authority of the certificate ${certFile}?` : '';
    throw Object.assign(discoveryErrors.refused(server, what, `${status} ${message}`.trim() + hint), {
      kubernetesStatus: status,
    });
  }

  /** Read for each request: Kubernetes replaces the file about once an hour. */
  async #token(what: string): Promise<string | undefined> {
    const { tokenFile, secure } = this.#address;
    if (tokenFile === undefined) return undefined;
    try {
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (error) {
      if (!secure) return undefined;
      const hint =
        'does the pod have a service account, with automountServiceAccountToken, or a certificate (cert-file)?';
      throw discoveryErrors.refused(this.#address.server, what, `no token at ${tokenFile}; ${hint}`, error);
    }
  }

  /** Read for each request: certificates are replaced before they expire. */
  async #certificates(what: string): Promise<TlsOptions> {
    const { caFile, certFile, keyFile, secure, server } = this.#address;
    const read = async (name: string, file: string | undefined): Promise<Buffer | undefined> => {
      if (!secure || file === undefined) return undefined;
      return readFile(file).catch((error: unknown) => {
        throw discoveryErrors.refused(server, what, `no ${name} at ${file}`, error);
      });
    };
    const [ca, cert, key] = await Promise.all([
      read('certificate authority', caFile),
      read('client certificate', certFile),
      read('key of the client certificate', keyFile),
    ]);
    return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  }

  async #namespace(): Promise<string> {
    const { namespace } = this.#address;
    if (namespace !== undefined) return namespace;
    const own = await readFile(`${SERVICE_ACCOUNT}/namespace`, 'utf8').catch(() => '');
    return own.trim() || 'default';
  }
}

/** Whether the version that a watch asked for is no longer kept, so that everything must be listed anew. */
export const saysGone = (error: unknown): boolean =>
  error instanceof RookeryError && (error as { kubernetesStatus?: number }).kubernetesStatus === 410;

async function textOf(response: IncomingMessage, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw new Error(`its answer is longer than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message ?? '').slice(0, 300);
  } catch {
    return body.slice(0, 300).trim();
  }
}
