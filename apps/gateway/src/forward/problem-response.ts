import type { IncomingMessage, ServerResponse } from 'node:http';
import { PROBLEM_MEDIA_TYPE, type RookeryError, toProblem } from '@rookery/observability';
import { refuserOf } from '../errors.ts';
import { grpcProblem } from '../protocols/grpc/grpc-answer.ts';
import { GatewayHttp2Response } from '../protocols/http2/http2-response.ts';
import { setHeader } from '../request/flat-headers.ts';

const LINGER_MS = 500;
const LINGER_BYTES = 512 * 1024;

export interface AnswerOptions {
  requestId: string;
  traceId: string;
  /** Whether the connection ends with this answer. */
  close?: boolean;
  /** Filter or part that refused the request, or failed it. */
  refusedBy?: string | undefined;
  /** Whether the client is one of gRPC. */
  isGrpc?: boolean;
}

/** An answer of the gateway itself, or of one of its filters. */
export interface OwnAnswer {
  status: number;
  headers: string[];
  body: string | Buffer;
}

/** The body and headers of an error, for a response or a bare socket. */
export function problemParts(error: RookeryError, { requestId, traceId, close, refusedBy, isGrpc }: AnswerOptions) {
  const refuser = refusedBy ?? refuserOf(error.code);
  if (isGrpc) return { ...grpcProblem(error, requestId, refuser), refusedBy: refuser };
  const body = JSON.stringify(toProblem(error, traceId));
  const headers = [
    'content-type',
    PROBLEM_MEDIA_TYPE,
    'content-length',
    String(Buffer.byteLength(body)),
    'x-request-id',
    requestId,
    'x-refused-by',
    refuser,
  ];
  if (error.retryAfterMs !== undefined)
    headers.push('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))));
  if (error.status === 405 || error.status === 501)
    headers.push('allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  if (error.status === 426) headers.push('upgrade', 'websocket', 'sec-websocket-version', '13');
  if (close) headers.push('connection', 'close');
  return { status: error.status, headers, body, refusedBy: refuser };
}

/** Sends an answer whole. A body of the request that is still coming is not read to its end. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: OwnAnswer,
  bodyExpected: boolean,
): void {
  if (response instanceof GatewayHttp2Response && body.length === 0) {
    response.endWith(status, headers);
    return;
  }
  const unread = bodyExpected && !request.complete;
  if (unread) setHeader(headers, 'connection', 'close');
  response.writeHead(status, headers);
  if (unread) lingerAfter(request, response, body);
  else response.end(body);
}

/**
 * Sends the answer and then reads on for a moment before the connection closes: a close with unread bytes is a reset,
 * and a reset can destroy the answer before the client has read it.
 */
function lingerAfter(request: IncomingMessage, response: ServerResponse, body: string | Buffer): void {
  let leftBytes = LINGER_BYTES;
  const done = () => {
    clearTimeout(timer);
    request.off('data', discard);
    request.off('close', done);
    request.pause();
    response.end();
  };
  const discard = (chunk: Buffer) => {
    leftBytes -= chunk.length;
    if (leftBytes <= 0) done();
  };
  const timer = setTimeout(done, LINGER_MS);
  if (response.req.method === 'HEAD') response.flushHeaders();
  else response.write(body);
  request.once('end', done);
  request.once('close', done);
  request.on('data', discard);
}
