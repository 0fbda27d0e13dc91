import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the handlers of foreign protocols need of Fastify's request. */
export interface Request {
  raw: IncomingMessage;
  query: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** What they need of its reply. */
export interface Reply {
  raw: ServerResponse;
  header(name: string, value: string): Reply;
  status(code: number): Reply;
  send(body: string): Reply;
}

/** A parameter of the form in the body, or of the query string. */
export function parameter({ body, query }: Request, name: string): string | undefined {
  const form = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const value = Object.hasOwn(form, name) ? form[name] : query[name];
  const one = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' ? one : undefined;
}
