import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { RookeryError } from '@rookery/observability';
import { serviceErrors } from './service-errors.ts';

/** Where the error came up, for the sentence about it. */
export interface RequestLine {
  method: string;
  /** Path with query, as it was asked for. */
  url: string;
  bodyLimitBytes: number;
}

/** The error as we let it leave. What is no error of ours, of Nest's or of the HTTP server's comes back as undefined. */
export function knownHttpError(error: unknown, request: RequestLine): RookeryError | undefined {
  if (error instanceof RookeryError) return error;
  return serverError(codeOf(error), error, request) ?? nestError(error, request);
}

/** The code that Fastify, its parsers or body-parser gave an error, also where Nest has wrapped it. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const inner = error instanceof HttpException && typeof error.cause === 'object' ? (error.cause ?? error) : error;
  const { code, type } = inner as { code?: unknown; type?: unknown };
  return [code, type].find((each) => typeof each === 'string') as string | undefined;
}

function serverError(code: string | undefined, error: unknown, request: RequestLine): RookeryError | undefined {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'entity.too.large':
      return new RookeryError('BODY_TOO_LARGE', `The request body is larger than ${request.bodyLimitBytes} bytes.`, {
        status: 413,
        details: { limitBytes: request.bodyLimitBytes },
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_TYPE':
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new RookeryError('MEDIA_TYPE_UNSUPPORTED', 'The request body must be application/json in UTF-8.', {
        status: 415,
      });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new RookeryError('BODY_EMPTY', 'The request says that it has a JSON body, but the body is empty.', {
        status: 400,
      });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'request.size.invalid':
    case 'request.aborted':
      return new RookeryError('BODY_INCOMPLETE', 'The request body is not as long as Content-Length says.', {
        status: 400,
      });
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'entity.parse.failed':
      return malformedJson();
    case 'FST_ERR_BAD_URL':
      return new RookeryError('URL_MALFORMED', 'The path of the request has a broken percent-encoding.', {
        status: 400,
      });
    default:
      return isJsonSyntaxError(error) ? malformedJson() : undefined;
  }
}

const malformedJson = () =>
  new RookeryError('JSON_MALFORMED', 'The request body is not JSON, or has a forbidden key.', { status: 400 });

/** A SyntaxError that a body parser marked with a status; one without comes from the service's own code. */
function isJsonSyntaxError(error: unknown): boolean {
  const inner = error instanceof HttpException ? error.cause : error;
  if (inner instanceof SyntaxError) return (inner as { statusCode?: number; status?: number }).statusCode === 400;
  return false;
}

function nestError(error: unknown, { method, url }: RequestLine): RookeryError | undefined {
  if (!(error instanceof HttpException)) return undefined;
  const status = error.getStatus();
  if (status === 404 && error.message === `Cannot ${method} ${url}`) {
    return serviceErrors.routeNotFound(method, url.split('?', 1)[0] ?? url);
  }
  return new RookeryError(codeOfStatus(status), sentenceOf(error), {
    status,
    details: extensionsOf(error),
    cause: error,
  });
}

/** `NOT_FOUND` for 404. */
const codeOfStatus = (status: number): string =>
  (STATUS_CODES[status] ?? `HTTP ${status}`).toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');

function sentenceOf(error: HttpException): string {
  const answer = error.getResponse();
  const { message } = typeof answer === 'object' ? (answer as { message?: unknown }) : { message: answer };
  if (Array.isArray(message)) return message.join('; ');
  return typeof message === 'string' && message !== '' ? message : error.message;
}

/** What the thrower put beside the message. */
function extensionsOf(error: HttpException): Record<string, unknown> {
  const answer = error.getResponse();
  if (typeof answer !== 'object') return {};
  const { message, error: title, statusCode, ...extensions } = answer as Record<string, unknown>;
  return extensions;
}
