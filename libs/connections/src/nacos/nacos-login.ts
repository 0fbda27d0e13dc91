import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../network-reason.ts';
import type { Endpoint, ServerUrl } from '../server-url.ts';

const DEADLINE_MS = 2_000;
/** The first is known to Nacos 1 to 3, the second to Nacos 3. */
const PATHS = ['/nacos/v1/auth/login', '/nacos/v3/auth/user/login'];
const NOT_THERE = new Set([404, 405, 410, 501]);
/** A token is renewed when this share of its time is over. */
const RENEWED_AT = 0.9;

/** The token of the URL's user, which Nacos gives over HTTP, on the port that the URL names. */
export class NacosLogin {
  #token: Promise<{ token: string; endsAtMs: number }> | undefined;

  constructor(private readonly url: ServerUrl) {}

  /** What every request carries; nothing where the URL has no user. */
  async headers(endpoint: Endpoint): Promise<Record<string, string>> {
    if (!this.url.credentials) return {};
    this.#token ??= this.#login(endpoint);
    try {
      const { token, endsAtMs } = await this.#token;
      if (performance.now() < endsAtMs) return { accessToken: token };
    } catch (error) {
      this.forget();
      throw error;
    }
    this.forget();
    return this.headers(endpoint);
  }

  /** The server does not know the token any more. */
  forget(): void {
    this.#token = undefined;
  }

  async #login(endpoint: Endpoint): Promise<{ token: string; endsAtMs: number }> {
    const { server, errors } = this.url;
    const askedAtMs = performance.now();
    for (const path of PATHS) {
      const { status, body } = await this.#post(endpoint, path).catch((error: unknown) => {
        throw errors.unreachable(server, reasonOf(error), error);
      });
      if (NOT_THERE.has(status)) continue;
      if (status !== 200) throw errors.refused(server, 'sign in', `its user or password is not taken (${status})`);
      const { accessToken = '', tokenTtl = 0 } = JSON.parse(body) as { accessToken?: string; tokenTtl?: number };
      return { token: accessToken, endsAtMs: askedAtMs + tokenTtl * 1_000 * RENEWED_AT };
    }
    throw errors.refused(server, 'sign in', 'it has no sign-in of its own');
  }

  async #post({ host, port }: Endpoint, path: string): Promise<{ status: number; body: string }> {
    const { credentials, tls } = this.url;
    const form = new URLSearchParams({ username: credentials?.user ?? '', password: credentials?.password ?? '' });
    const content = form.toString();
    const options = {
      ...{ host, port, path, method: 'POST', agent: false as const, signal: AbortSignal.timeout(DEADLINE_MS) },
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(content),
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = tls ? httpsRequest({ ...options, ...tls }, resolve) : httpRequest(options, resolve);
    request.once('error', reject).end(content);
    const response = await promise;
    return { status: response.statusCode ?? 0, body: await text(response) };
  }
}
