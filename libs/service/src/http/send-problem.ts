import type { ServerResponse } from 'node:http';
import { problemHeaders, toProblem } from '@rookery/observability';

/** Answers with problem details on a raw response; a response that has begun is cut off instead, so that it is seen as broken. */
export function sendProblem(response: ServerResponse, error: unknown, traceId?: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = toProblem(error, traceId);
  response.writeHead(problem.status, problemHeaders(error)).end(JSON.stringify(problem));
}
