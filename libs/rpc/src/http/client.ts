import { stickyKey } from '@rookery/discovery';
import type { Pool } from 'undici';
import type { RpcPolicy } from '../balancing/rpc-policy.ts';
import type { CallOptions, UpstreamCaller } from '../balancing/upstream-caller.ts';
import { type ClientClass, defineClient } from '../client-class.ts';
import { rpcErrors } from '../errors/rpc-errors.ts';
import { readAnswer } from './answer.ts';
import type { AnyEndpoint, Endpoint, EndpointInput, EndpointOutput } from './endpoint.ts';
import { fillPath, queryString } from './path.ts';
import { requestOnce } from './request-once.ts';

/** Options of one HTTP call. */
export interface HttpCallOptions extends CallOptions {
  headers?: Readonly<Record<string, string>>;
}

/** The calls of a client: one method for each endpoint. Input may be left out where the endpoint needs none. */
export type HttpCalls<Endpoints> = {
  [Name in keyof Endpoints]: Record<never, never> extends EndpointInput<Endpoints[Name]>
    ? (input?: EndpointInput<Endpoints[Name]>, options?: HttpCallOptions) => Promise<EndpointOutput<Endpoints[Name]>>
    : (input: EndpointInput<Endpoints[Name]>, options?: HttpCallOptions) => Promise<EndpointOutput<Endpoints[Name]>>;
};

interface Input {
  query?: unknown;
  body?: unknown;
  [parameter: string]: unknown;
}

/**
 * A class whose objects call another service's HTTP API through discovery, as Feign does. Extend it; the class is the
 * injection token:
 *
 * ```ts
 * export class FilmsClient extends HttpClient('catalog', {
 *   film: get('/api/catalog/films/:id', { response: Film }),
 *   films: get('/api/catalog/films', { query: FilmsQuery, response: FilmsPage, fallback: () => NO_FILMS }),
 * }) {}
 *
 * RpcModule.forFeature(FilmsClient);
 * await films.film({ id: 'film-0001' });
 * ```
 */
export function HttpClient<const Endpoints extends Record<string, AnyEndpoint>>(
  service: string,
  endpoints: Endpoints,
  policy: RpcPolicy = {},
): ClientClass<HttpCalls<Endpoints>> {
  return defineClient<HttpCalls<Endpoints>>((runtime) => {
    const caller = runtime.http(service, policy);
    const calls = Object.entries(endpoints).map(([name, endpoint]) => [name, callOf(caller, endpoint as Endpoint)]);
    return { calls: Object.fromEntries(calls) as HttpCalls<Endpoints>, close: () => caller.close() };
  });
}

const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

function callOf(caller: UpstreamCaller<Pool>, { method, path, options }: Endpoint) {
  const call = `${method} ${path}`;
  const perform = async (input: Input, given: HttpCallOptions): Promise<unknown> => {
    const query = options.query ? (options.query.parse(input.query) as Record<string, unknown>) : {};
    const body = options.body ? options.body.parse(input.body) : undefined;
    const target = fillPath(path, input, (name) => rpcErrors.missingParameter(call, name)) + queryString(query);
    const answer = await caller.call(
      {
        call,
        signal: given.signal,
        key: given.key ?? keyIn(caller, given),
        timeoutMs: given.timeoutMs ?? options.timeoutMs,
        repeatable: options.repeatable ?? (REPEATABLE.has(method) || hasIdempotencyKey(given)),
      },
      (attempt) => requestOnce(attempt, caller.service, { method, target, body, headers: given.headers }),
    );
    return readAnswer(answer, caller.service, call, options.response);
  };
  return async (input: Input = {}, given: HttpCallOptions = {}): Promise<unknown> => {
    try {
      return await perform(input, given);
    } catch (error) {
      if (!options.fallback || given.signal?.aborted) throw error;
      return options.fallback(error);
    }
  };
}

/** What the headers of a call stick to, where the service is balanced by one of them. */
function keyIn({ balance: { sticky } }: UpstreamCaller<Pool>, { headers }: HttpCallOptions): string | undefined {
  if (!sticky || !headers) return undefined;
  return stickyKey(sticky, (wanted) => Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1]);
}

const hasIdempotencyKey = ({ headers = {} }: HttpCallOptions): boolean =>
  Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key');
