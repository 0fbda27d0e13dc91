import type { IncomingMessage, ServerResponse } from 'node:http';
import { createParamDecorator } from '@nestjs/common';

/** What a controller needs of the platform's request. */
export interface Request {
  raw: IncomingMessage;
  /** As sent; a parameter without value is ''. */
  query: Record<string, string | string[] | undefined>;
  /** Whatever its content type. */
  body: unknown;
}

/** What a controller needs of the platform's response. */
export interface Response {
  raw: ServerResponse;
  header(name: string, value: string | number): unknown;
  status(code: number): unknown;
}

/** A request and what will answer it. */
export interface Exchange {
  request: Request;
  response: Response;
}

/** Hands a handler its {@link Exchange}; what the handler returns is the body. */
export const Exchanged = createParamDecorator((_data: unknown, context): Exchange => {
  const http = context.switchToHttp();
  return { request: http.getRequest<Request>(), response: http.getResponse<Response>() };
});

/** The first value of a query parameter; undefined when it is not there. */
export function parameter(request: Request, name: string): string | undefined {
  const value = request.query[name];
  return Array.isArray(value) ? value[0] : value;
}

/** `?passing` and `?passing=true`, as Go's clients send it. */
export function flag(request: Request, name: string): boolean {
  const value = parameter(request, name);
  return value !== undefined && !['false', '0', 'f', 'F', 'FALSE', 'False'].includes(value);
}

/** The path behind a prefix, decoded; keys may hold encoded slashes, which a router would split at. */
export function pathBehind(request: Request, prefix: string): string {
  const [path = ''] = (request.raw.url ?? '').split('?', 1);
  return path.length <= prefix.length ? '' : decodePath(path.slice(prefix.length));
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A body as JSON text, with the type that says so also for bare `true` and strings. */
export function json(response: Response, body: unknown): string {
  response.header('content-type', 'application/json');
  return JSON.stringify(body);
}
