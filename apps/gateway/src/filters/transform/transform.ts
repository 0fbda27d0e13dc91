import type { Duplex } from 'node:stream';
import { RookeryError } from '@rookery/observability';
import { recordOf } from '../../request/flat-headers.ts';
import type { Call, Filter, FilterKind, FilterParts, Verdict } from '../filter.ts';
import { compileExpression, type Expression, toJson, type Variables } from './expression.ts';
import { JsonTransform } from './json-transform.ts';
import { TransformSettings } from './settings.ts';

const NOTE = 'transform';
const JSON_TYPE = /^application\/(?:[^;]+\+)?json\b/i;
/** Of the body as it was. */
const GONE = ['accept-ranges', 'content-digest', 'content-md5', 'digest', 'etag', 'repr-digest'];

interface Side {
  readonly headers: readonly (readonly [string, Expression])[];
  readonly body: Expression | undefined;
}

/**
 * Changes headers and JSON bodies by expressions. What cannot be transformed is refused and not passed on as it is: the
 * expression may be there to keep something back.
 */
class TransformFilter implements Filter {
  readonly name = 'transform';
  readonly requestBody?: (call: Call) => Duplex | undefined;
  readonly #request: Side;
  readonly #response: Side;
  readonly #maxBytes: number;
  readonly #logger: FilterParts['logger'];

  constructor({ request, response, maxBodyBytes }: TransformSettings, { logger }: FilterParts) {
    this.#request = compiled(request, 'request');
    this.#response = compiled(response, 'request', 'response');
    this.#maxBytes = maxBodyBytes;
    this.#logger = logger;
    // Where nothing is done to bodies of requests, they keep their length.
    if (this.#request.body) this.requestBody = (call) => this.#requestBody(call);
  }

  onRequest(call: Call): Verdict {
    if (this.#response.body) {
      call.notes.set(NOTE, requestOf(call));
      call.removeHeader('accept-encoding');
    }
    if (this.#request.body && call.hasBody && isJson(call.header('content-type'))) {
      if (call.header('content-encoding') !== undefined) return this.#refused('its body is compressed');
    }
    if (this.#request.headers.length === 0) return undefined;
    try {
      const request = requestOf(call);
      for (const [name, expression] of this.#request.headers) {
        const value = headerValue(expression({ request }));
        if (value === undefined) call.removeHeader(name);
        else call.setHeader(name, value);
      }
    } catch (error) {
      return this.#refused(reasonOf(error));
    }
    return undefined;
  }

  onResponse(call: Call): void {
    if (call.source !== 'upstream') return;
    const request = (call.notes.get(NOTE) as Variables['request']) ?? requestOf(call);
    try {
      const response = responseOf(call);
      for (const [name, expression] of this.#response.headers) {
        const value = headerValue(expression({ request, response }));
        if (value === undefined) call.removeResponseHeader(name);
        else call.setResponseHeader(name, value);
      }
      if (!this.#response.body || !isJson(call.responseHeader('content-type'))) return;
      const encoding = call.responseHeader('content-encoding');
      if (encoding !== undefined && encoding !== 'identity') throw new Error('its body is compressed');
      for (const name of GONE) call.removeResponseHeader(name);
    } catch (error) {
      throw this.#failed(call, reasonOf(error));
    }
  }

  responseBody(call: Call): Duplex | undefined {
    const { body } = this.#response;
    if (!body || call.source !== 'upstream' || !isJson(call.responseHeader('content-type'))) return undefined;
    const request = call.notes.get(NOTE) as Variables['request'];
    const response = responseOf(call);
    return new JsonTransform(
      this.#maxBytes,
      (value) => toJson(body({ request, response, body: value })),
      (reason) => this.#failed(call, reason),
    );
  }

  #requestBody(call: Call): Duplex | undefined {
    const { body } = this.#request;
    if (!body || !isJson(call.header('content-type'))) return undefined;
    const request = requestOf(call);
    return new JsonTransform(
      this.#maxBytes,
      (value) => toJson(body({ request, body: value })),
      (reason) => this.#refused(reason),
    );
  }

  #refused(reason: string): RookeryError {
    return new RookeryError('TRANSFORM_REFUSED', `The request is not what this route takes: ${reason}.`, {
      status: 400,
    });
  }

  #failed(call: Call, reason: string): RookeryError {
    this.#logger.warn({
      event: 'a response could not be transformed',
      route: call.route.id,
      traceId: call.traceId,
      reason,
    });
    return new RookeryError('TRANSFORM_FAILED', 'The response of the service could not be transformed.', {
      status: 502,
    });
  }
}

const compiled = (
  { headers, body }: { headers: Record<string, string>; body?: string | undefined },
  ...names: (keyof Variables)[]
): Side => ({
  headers: Object.entries(headers).map(([name, text]) => [name, compileExpression(text, names)] as const),
  body: body === undefined ? undefined : compileExpression(body, [...names, 'body']),
});

const isJson = (type: string | undefined): boolean => type !== undefined && JSON_TYPE.test(type);

const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);

function headerValue(value: unknown): string | undefined {
  if (value === null) return undefined;
  const text = typeof value === 'string' ? value : toJson(value);
  if (!/^[\t\x20-\x7e]*$/.test(text)) throw new Error('the value of a header is not plain text');
  return text;
}

const requestOf = (call: Call) => ({
  method: call.method,
  path: call.path,
  query: Object.fromEntries(new URLSearchParams(call.query)),
  host: call.host,
  clientAddress: call.clientAddress,
  requestId: call.requestId,
  params: call.params,
  headers: recordOf(call.headers),
  principal: call.principal
    ? { subject: call.principal.subject, roles: call.principal.roles, permissions: call.principal.permissions }
    : null,
});

const responseOf = ({ status, responseHeaders }: Call) => ({
  status: BigInt(status),
  headers: recordOf(responseHeaders),
});

export const transform: FilterKind<TransformSettings> = {
  name: 'transform',
  schema: TransformSettings,
  order: 440,
  create: (settings, parts) => new TransformFilter(settings, parts),
};
