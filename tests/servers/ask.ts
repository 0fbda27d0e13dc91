import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ServerTls } from './server.ts';

const DEADLINE_MS = 5_000;

export interface Question {
  method?: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
  /** Shows the server its own certificate. */
  tls?: ServerTls | undefined;
}

/** One HTTP request to a server of a suite; throws where it is not answered well. */
export async function ask(url: string, { method = 'GET', headers = {}, form, tls }: Question = {}): Promise<string> {
  const options = {
    method,
    headers: { ...headers, ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
    agent: false as const,
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...(tls && { ca: readFileSync(tls.caFile), cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  (tls ? secureRequest : plainRequest)(url, options, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  })
    .once('error', reject)
    .end(form && new URLSearchParams(form).toString());
  const { status, body } = await promise;
  if (status < 200 || status >= 300) throw new Error(`${method} ${new URL(url).pathname}: ${status} ${body}`);
  return body;
}
