import { TIMEOUT_HEADER } from '@rookery/observability';
import { clientCertificate, forwardedCertificate } from '../protocols/tls/client-certificate.ts';
import type { Arrival } from '../request/arrival.ts';
import type { RequestHead } from '../request/request-headers.ts';

/** Adds to the client's headers what the gateway says of a request by itself. */
export function addOwnHeaders(
  headers: string[],
  arrival: Arrival,
  head: RequestHead,
  leftMs: number,
  traceparent: string,
): void {
  const proto = arrival.forwardedProto;
  headers.push(
    'x-forwarded-for',
    arrival.forwardedFor,
    'x-forwarded-proto',
    proto,
    'x-forwarded-host',
    head.host,
    'x-request-id',
    arrival.requestId,
    'traceparent',
    traceparent,
    TIMEOUT_HEADER,
    String(Math.ceil(leftMs)),
  );
  if (proto === 'https') {
    const certificate = clientCertificate(arrival.request.socket);
    if (certificate) headers.push('x-forwarded-client-cert', forwardedCertificate(certificate));
  }
}
