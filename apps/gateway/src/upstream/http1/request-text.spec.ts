import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { requestText, type UpstreamRequest } from './request-text.ts';

const text = (asked: Partial<UpstreamRequest> = {}, isLast = false) =>
  requestText({ method: 'GET', path: '/a?b=c', headers: ['accept', '*/*'], idleTimeoutMs: 1, ...asked }, 'h:1', isLast);

describe('the head of a request', () => {
  it('is one line, the host, the connection and the headers', () => {
    expect(text()).toBe('GET /a?b=c HTTP/1.1\r\nhost: h:1\r\nconnection: keep-alive\r\naccept: */*\r\n\r\n');
    expect(text({}, true)).toContain('connection: close\r\n');
  });

  it('says how its body ends, and that there is none where one is expected', () => {
    const body = Readable.from([Buffer.from('x')]);
    expect(text({ method: 'POST', body })).toContain('\r\ntransfer-encoding: chunked\r\n');
    expect(text({ method: 'POST', body, lengthBytes: 1 })).toContain('\r\ncontent-length: 1\r\n');
    expect(text({ method: 'PUT', body: Buffer.from('four') })).toContain('\r\ncontent-length: 4\r\n');
    expect(text({ method: 'POST' })).toContain('\r\ncontent-length: 0\r\n');
    expect(text({ method: 'DELETE' })).not.toContain('content-length');
  });

  it('ends with lines that are put together already', () => {
    const lines = { text: 'a: 1\r\nb: 2\r\n', count: 2 };
    expect(text({ method: 'PUT', lines })).toMatch(/\r\naccept: \*\/\*\r\ncontent-length: 0\r\na: 1\r\nb: 2\r\n\r\n$/);
  });

  it.each<[string, Partial<UpstreamRequest>]>([
    ['a line more than it was told of', { lines: { text: 'a: 1\r\nb: 2\r\n', count: 1 } }],
    ['a line less than it was told of', { lines: { text: 'a: 1\r\n', count: 2 } }],
    ['a line break in a value', { headers: ['x', 'a\r\nhost: other'] }],
    ['a line break in a name', { headers: ['x: y\r\nz', 'a'] }],
    ['a bare line feed in a value', { headers: ['x', 'a\nb'] }],
    ['a null in a value', { headers: ['x', 'a\0b'] }],
    ['a character of two bytes', { headers: ['x', 'ſ'] }],
    ['a name that is none', { headers: ['x y', 'a'] }],
    ['an empty name', { headers: ['', 'a'] }],
    ['a space in the path', { path: '/a b' }],
    ['a line break in the path', { path: '/a HTTP/1.1\r\nx: y' }],
    ['a method that is none', { method: 'GET /a' }],
  ])('refuses %s', (_, asked) => {
    expect(() => text(asked)).toThrow(TypeError);
  });

  describe('that holds long values as they were received', () => {
    const long = 'x'.repeat(5_000);
    const received = ['Authorization', `${long}1`, 'Cookie', `${long}2`, 'X-Short', 'short'];
    const headers = ['a', '1', 'authorization', `${long}1`, 'b', '2', 'cookie', `${long}2`, 'c', 'short'];

    it('is the same as without that knowledge', () => {
      expect(text({ headers, received })).toBe(text({ headers }));
      expect(text({ headers, received })).toContain(`a: 1\r\nauthorization: ${long}1\r\nb: 2\r\ncookie: ${long}2\r\n`);
    });

    it.each<[string, string[]]>([
      ['a name before it', ['x y', '1', ...headers]],
      ['a value before it', ['x', 'a\r\ny: b', ...headers]],
      ['its own name', ['x\r\ny', `${long}1`]],
      ['a value behind it', [...headers, 'x', 'a\nb']],
      ['a long value behind it that was not received', [...headers, 'x', `${long}\r\ny: b`]],
      ['a long value that was not received', ['x', `${long}ſ`, ...headers]],
    ])('and is refused for %s', (_, wrong) => {
      expect(() => text({ headers: wrong, received })).toThrow(TypeError);
    });

    it('and is refused where what was received would be two lines', () => {
      for (const two of [`${long}\r\ny: b`, `${long}\ny: b`])
        expect(() => text({ headers: ['x', two], received: ['X', two] })).toThrow(TypeError);
    });
  });
});
