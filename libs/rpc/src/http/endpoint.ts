import type { z } from 'zod';
import type { ParametersOf, PathValue } from './path.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What an endpoint takes and answers, as zod schemas. */
export interface EndpointOptions<Query extends z.ZodType, Body extends z.ZodType, Response extends z.ZodType> {
  query?: Query;
  body?: Body;
  /** What the answer must look like; without it the answer is not read. */
  response?: Response;
  /** For the whole call, in ms; the client's when not given. */
  timeoutMs?: number;
  /** Whether it does no harm when it runs twice; true for all methods but POST and PATCH when not given. */
  repeatable?: boolean;
  /** Answers instead when the call failed. */
  fallback?: (error: unknown) => z.output<Response> | Promise<z.output<Response>>;
}

/** One endpoint of another service, as declared with {@link get}, {@link post} and the like. */
export interface Endpoint<
  Path extends string = string,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  readonly method: HttpMethod;
  readonly path: Path;
  readonly options: EndpointOptions<Query, Body, Response>;
}

/** Any endpoint, without saying of which types: what is declared keeps its own. */
export type AnyEndpoint = Pick<Endpoint, 'method' | 'path'> & { readonly options: object };

const declare =
  (method: HttpMethod) =>
  <
    const Path extends string,
    Query extends z.ZodType = z.ZodUndefined,
    Body extends z.ZodType = z.ZodUndefined,
    Response extends z.ZodType = z.ZodVoid,
  >(
    path: Path,
    options: EndpointOptions<Query, Body, Response> = {},
  ): Endpoint<Path, Query, Body, Response> => ({ method, path, options });

/** Declares an endpoint: `get('/api/catalog/films/:id', { response: Film })`. */
export const get = declare('GET');
export const head = declare('HEAD');
export const post = declare('POST');
export const put = declare('PUT');
export const patch = declare('PATCH');
export const del = declare('DELETE');

type PathInput<Path extends string> = { [Name in ParametersOf<Path>]: PathValue };
type Given<Key extends string, Schema extends z.ZodType> =
  undefined extends z.input<Schema>
    ? z.input<Schema> extends undefined
      ? unknown
      : { [K in Key]?: z.input<Schema> }
    : { [K in Key]: z.input<Schema> };

/** What a call takes: the path's parameters by name, `query` and `body` where the endpoint has them. */
export type EndpointInput<E> =
  E extends Endpoint<infer Path, infer Query, infer Body, z.ZodType>
    ? PathInput<Path> & Given<'query', Query> & Given<'body', Body>
    : never;

export type EndpointOutput<E> =
  E extends Endpoint<string, z.ZodType, z.ZodType, infer Response> ? z.output<Response> : never;
