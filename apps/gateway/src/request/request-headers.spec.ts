import { describe, expect, it } from 'vitest';
import { type RequestHead, readHead } from './request-headers.ts';

const read = (...raw: string[]) => readHead(['Host', 'h', ...raw]) as RequestHead;

describe('request headers', () => {
  it('loses what belongs to one connection, also what Connection names', () => {
    const { headers } = read('Connection', 'keep-alive, X-Secret', 'X-Secret', '1', 'TE', 'trailers', 'X-Kept', '2');
    expect(headers).toEqual(['x-kept', '2']);
  });

  it('loses what a client must not say of itself', () => {
    const { headers } = read(
      'X-Forwarded-For',
      '6.6.6.6',
      'Forwarded',
      'for=6.6.6.6',
      'X-Real-IP',
      '6.6.6.6',
      'X-Original-URL',
      '/admin',
    );
    expect(headers).toEqual([]);
  });

  it('loses also what a CGI or a WSGI server would take for one of these', () => {
    const names = ['X_Forwarded_For', 'x-forwarded_proto', 'X_Real_IP', 'Content_Length', 'Transfer_Encoding'];
    const { headers, contentLength } = read(...names.flatMap((name) => [name, '1']), 'X_Own', '2');
    expect([headers, contentLength]).toEqual([['x_own', '2'], undefined]);
  });

  it('keeps repeated headers in order', () => {
    expect(read('Accept', 'a', 'Accept', 'b').headers).toEqual(['accept', 'a', 'accept', 'b']);
  });

  it('takes a well-formed trace and id, and drops others', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    expect(read('traceparent', traceparent, 'X-Request-Id', 'abc-1')).toMatchObject({
      traceparent,
      requestId: 'abc-1',
    });
    expect(read('traceparent', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, 'X-Request-Id', 'a"b')).toMatchObject({
      traceparent: undefined,
      requestId: undefined,
    });
  });

  it.each([
    ['a second Host', ['Host', 'other']],
    ['a second Content-Length', ['Content-Length', '1', 'Content-Length', '1']],
    ['a Content-Length that is no number', ['Content-Length', '+1']],
    ['both lengths', ['Content-Length', '1', 'Transfer-Encoding', 'chunked']],
    ['an unknown Transfer-Encoding', ['Transfer-Encoding', 'gzip, chunked']],
    ['a second Transfer-Encoding', ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
  ])('are refused for %s', (_, raw) => {
    expect(readHead(['Host', 'h', ...raw])).toEqual(expect.any(String));
  });

  it('are refused without a usable Host', () => {
    expect(readHead([])).toBe('Host is missing');
    expect(readHead(['Host', 'a b'])).toBe('Host is not a host name');
  });
});
