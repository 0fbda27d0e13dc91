import { currentRequest, inject, RookeryError } from '@rookery/observability';
import type { Pool } from 'undici';
import type { Attempt } from '../balancing/upstream-caller.ts';
import { rpcErrors } from '../errors/rpc-errors.ts';
import type { HttpMethod } from './endpoint.ts';
import { problemOf } from './problem.ts';

export interface HttpRequest {
  method: HttpMethod;
  /** Path and query. */
  target: string;
  body?: unknown;
  headers?: Readonly<Record<string, string>> | undefined;
}

export interface HttpAnswer {
  status: number;
  text: string;
}

/** Largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const NEVER_LEFT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT']);

/** One request to one instance. Resolves with a 2xx answer; all else is an error. */
export async function requestOnce(attempt: Attempt<Pool>, service: string, request: HttpRequest): Promise<HttpAnswer> {
  try {
    const { statusCode, headers, body } = await attempt.connection.request({
      method: request.method,
      path: request.target,
      headers: { accept: 'application/json', ...contextHeaders(), ...contentHeaders(request), ...request.headers },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: attempt.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const text = await read(body, service);
    if (statusCode >= 200 && statusCode < 300) return { status: statusCode, text };
    throw problemOf(service, statusCode, headers, text);
  } catch (error) {
    throw error instanceof RookeryError ? error : translate(error, service, attempt);
  }
}

const contentHeaders = ({ body }: HttpRequest) => (body === undefined ? {} : { 'content-type': 'application/json' });

/** The request's context, with the caller's token for the other side to verify again. */
function contextHeaders(): Record<string, string> {
  const { accessToken } = currentRequest();
  const carried = Object.entries(inject({})).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat().join(',')]],
  );
  return {
    ...Object.fromEntries(carried),
    ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
  };
}

async function read(body: AsyncIterable<Buffer>, service: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw rpcErrors.failed(service, 502, `more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function translate(error: unknown, service: string, { signal }: Attempt<Pool>): unknown {
  if (signal.aborted) return signal.reason;
  const reason = error instanceof Error ? error.message : String(error);
  return NEVER_LEFT.has(codeOf(error))
    ? rpcErrors.notSent(service, reason, error)
    : rpcErrors.unavailable(service, reason, error);
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
