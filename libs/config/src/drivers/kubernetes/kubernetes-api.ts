import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connectionErrors } from '../../errors.ts';
import { type KubernetesAddress, SERVICE_ACCOUNT } from './kubernetes-url.ts';

/** An answer of the API that says no; 404, and 410 for a version that is no longer kept, are for the caller to judge. */
export interface Answer {
  readonly status: number;
  readonly response: IncomingMessage;
}

/** The API server is there, but cannot serve now. */
const UNAVAILABLE = new Set([429, 500, 502, 503, 504]);

/** Requests for the ConfigMaps of one namespace, with the token of the moment. */
export class KubernetesApi {
  readonly #address: KubernetesAddress;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(address: KubernetesAddress) {
    this.#address = address;
    this.#agent = address.secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /** Whoever calls has a deadline in `signal`. */
  async get(query: Record<string, string>, signal: AbortSignal): Promise<Answer> {
    const { host, port, secure, server } = this.#address;
    const [token, ca, namespace] = await Promise.all([this.#token(), this.#certificates(), this.#namespace()]);
    signal.throwIfAborted();
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps?${new URLSearchParams(query)}`;
    const headers = { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const options = { host, port, path, headers, agent: this.#agent, signal };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = secure ? httpsRequest({ ...options, ...(ca && { ca }) }, resolve) : httpRequest(options, resolve);
    request.once('error', reject).end();
    const response = await promise;
    const status = response.statusCode ?? 0;
    if (status === 200 || status === 404 || status === 410) return { status, response };
    response.resume();
    if (UNAVAILABLE.has(status)) throw new Error(`it is there, but answered ${status}`);
    throw connectionErrors.refused(server, 'read ConfigMaps', `${status}; may the service account get and watch them?`);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Read for each request: Kubernetes replaces the file about once an hour. */
  async #token(): Promise<string | undefined> {
    const { tokenFile, secure, server } = this.#address;
    try {
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (error) {
      if (!secure) return undefined;
      const hint = 'does the pod have a service account, with automountServiceAccountToken?';
      throw connectionErrors.refused(server, 'read ConfigMaps', `no token at ${tokenFile}; ${hint}`, error);
    }
  }

  async #certificates(): Promise<string | undefined> {
    const { caFile, secure, server } = this.#address;
    if (!secure || caFile === undefined) return undefined;
    return readFile(caFile, 'utf8').catch((error: unknown) => {
      throw connectionErrors.refused(server, 'read ConfigMaps', `no certificate authority at ${caFile}`, error);
    });
  }

  async #namespace(): Promise<string> {
    const { namespace } = this.#address;
    if (namespace !== undefined) return namespace;
    const own = await readFile(`${SERVICE_ACCOUNT}/namespace`, 'utf8').catch(() => '');
    return own.trim() || 'default';
  }
}
