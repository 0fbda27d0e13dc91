import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { problemParts } from '../forward/problem-response.ts';
import { newTraceparent, traceIdOf } from '../observe/trace.ts';
import type { GatewaySettings } from '../settings.ts';
import { SocketTimeouts } from './socket-timeouts.ts';

const LINGER_MS = 500;

/** Time limits of a server, and answers for what never becomes an ordinary request. */
export function guard(server: Server, settings: GatewaySettings): void {
  setServerLimits(server, settings);
  const timeouts = new SocketTimeouts();
  // Before anybody sets a limit on it.
  server.prependListener('connection', (socket: Socket) => timeouts.watch(socket));
  // Read when the server begins to listen; Node looks for slow requests only so often.
  Object.assign(server, { connectionsCheckingInterval: Math.min(1_000, settings.headersTimeoutMs / 2) });
  // Node drops headers beyond this number without a word; the gateway counts and refuses by itself.
  server.maxHeadersCount = 0;
  // The client is told to go on when its body is asked for, not before: see RequestBody.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body } = problemParts(errors.expectationUnknown(), { ...identity(), close: true });
    response.writeHead(status, headers).end(body);
  });
  // Any other protocol that a client would like is not spoken of: its request is answered as it is (RFC 9110, 7.8).
  Object.assign(server, { shouldUpgradeCallback: asksForWebSocket });
  // Others may set theirs until the server listens.
  server.once('listening', () => {
    server.removeAllListeners('clientError');
    server.on('clientError', answerClientError);
  });
}

/** Whether the client names websocket among the protocols that it would go on in. */
const asksForWebSocket = ({ headers: { upgrade } }: IncomingMessage): boolean =>
  upgrade?.toLowerCase().includes('websocket') === true;

/** Time limits that also a server which listens already takes over. */
export function setServerLimits(server: Server, settings: GatewaySettings): void {
  server.headersTimeout = settings.headersTimeoutMs;
  server.requestTimeout = settings.requestTimeoutMs;
  server.keepAliveTimeout = settings.keepAliveTimeoutMs;
  server.timeout = settings.idleTimeoutMs;
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else refuse(socket, answered(socket) ? undefined : parserError(error.code));
}

/** What the parser's refusal means for a client. */
export function parserError(code: string | undefined): RookeryError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new RookeryError('HEADERS_TOO_LARGE', 'The request headers are larger than the gateway takes.', {
      status: 431,
    });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new RookeryError('REQUEST_TIMEOUT', 'The request did not arrive in time.', { status: 408 });
  return new RookeryError('BAD_REQUEST', 'This is not a well-formed HTTP/1.1 request.', { status: 400 });
}

function identity() {
  const traceId = traceIdOf(newTraceparent());
  return { traceId, requestId: traceId };
}

/** Whether a response on this socket has begun: then nothing can be said any more. */
const answered = (socket: Duplex): boolean =>
  ('_httpMessage' in socket && (socket._httpMessage as ServerResponse | null)?.headersSent) === true;

/** Says why, unless an answer is on its way already, and ends the connection once that is out. */
function refuse(socket: Duplex, error: RookeryError | undefined): void {
  let text = '';
  if (error) {
    const { status, headers, body } = problemParts(error, { ...identity(), close: true });
    text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
    text += `\r\n${body}`;
  }
  socket.on('error', () => {});
  socket.end(text);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
}
