import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../grey/caller.ts';

/** What the handlers of foreign protocols need of Fastify's request. */
export interface Request {
  raw: IncomingMessage;
  params: Record<string, string | undefined>;
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

/** The caller of a protocol that knows no instances is its address. */
export const callerOf = ({ raw }: Request): Caller => ({ instance: raw.socket.remoteAddress, labels: {} });

/** A parameter of the form in the body, or of the query string. */
export function parameter({ body, query }: Request, name: string): string | undefined {
  const form = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const value = Object.hasOwn(form, name) ? form[name] : query[name];
  const one = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' ? one : undefined;
}
