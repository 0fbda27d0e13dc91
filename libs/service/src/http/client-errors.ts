import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEM_MEDIA_TYPE, RookeryError, toProblem } from '@rookery/observability';

const TOO_SLOW = new RookeryError('REQUEST_TOO_SLOW', 'The request did not arrive in time.', { status: 408 });
const HEADERS_TOO_LARGE = new RookeryError('HEADERS_TOO_LARGE', 'The request headers are larger than 16 KiB.', {
  status: 431,
});
const MALFORMED = new RookeryError('REQUEST_MALFORMED', 'What came is not an HTTP request.', { status: 400 });

/** Answers what Node could not read as a request, on the bare socket, and closes it. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? TOO_SLOW
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? HEADERS_TOO_LARGE
        : MALFORMED,
  );
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
