import { TIMEOUT_HEADER } from '@rookery/observability';
import type { Arrival } from '../request/arrival.ts';
import type { RequestHead } from '../request/request-headers.ts';

/** Adds to the client's headers what the gateway says of a request by itself. */
export function addOwnHeaders(headers: string[], arrival: Arrival, head: RequestHead, leftMs: number): void {
  headers.push(
    'x-forwarded-for',
    arrival.forwardedFor,
    'x-forwarded-proto',
    arrival.forwardedProto,
    'x-forwarded-host',
    head.host,
    'x-request-id',
    arrival.requestId,
    'traceparent',
    arrival.traceparent,
    TIMEOUT_HEADER,
    String(Math.ceil(leftMs)),
  );
}
