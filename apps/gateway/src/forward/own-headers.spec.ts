import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { Arrival } from '../request/arrival.ts';
import { readHead } from '../request/request-headers.ts';
import { ownHeaders, ownLines } from './own-headers.ts';

const certificate = { authorized: true, getPeerCertificate: () => ({ subject: { CN: 'a' }, fingerprint256: 'AB:CD' }) };

it.each([
  ['a plain connection', {}],
  ['TLS', { encrypted: true }],
  ['a client with a certificate', { encrypted: true, ...certificate }],
])('the lines for %s say what the list says', (_, tls) => {
  const rawHeaders = ['Host', 'shop', 'X-Request-Id', 'r-1'];
  const request = { rawHeaders, httpVersionMajor: 1, socket: { remoteAddress: '10.0.0.1', ...tls } };
  const arrival = new Arrival(
    request as never as IncomingMessage,
    new EventEmitter() as ServerResponse,
    readHead(rawHeaders),
    1,
    0,
    undefined,
  );
  const own = { arrival, host: 'shop', leftMs: 29_999.1, traceparent: arrival.traceparent };
  const list = ownHeaders(own);
  const { text, count } = ownLines(own);
  expect(text).toBe(list.map((part, at) => (at % 2 === 0 ? `${part}: ` : `${part}\r\n`)).join(''));
  expect(count).toBe(list.length / 2);
  expect(list).toContain('30000');
  expect(list.includes('x-forwarded-client-cert')).toBe('authorized' in tls);
});
