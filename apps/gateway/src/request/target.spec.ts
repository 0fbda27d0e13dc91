import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathLength, TARGET_REFUSALS, withoutNeedlessEncoding } from './target.ts';

describe('a request target', () => {
  it.each([
    ['/', 1],
    ['/api/catalog/films', 18],
    ['/api/catalog/films?query=star+wars&page=1', 18],
    ['/api/a/%E6%98%9F?x=../..', 16],
    ['/api/a/100%25', 13],
    ['/api/a/...', 10],
    ['/api/a/.well-known', 18],
    ['/api/a/b.json', 13],
    ['/api/a/x;v=1', 12],
    ['/api/a/', 7],
    ['/api/a%2B%3A%40%3D', 18],
    ['/api/a?next=//b%61', 6],
  ])('%s is taken', (target, length) => {
    expect(pathLength(target)).toBe(length);
  });

  it.each([
    ['http://other/api/catalog', 'begins with /'],
    ['*', 'begins with /'],
    ['/api/catalog/../orders', 'dot segment'],
    ['/api/./catalog', 'dot segment'],
    ['/api/catalog/..', 'dot segment'],
    ['/api/catalog/%2e%2e/orders', 'dot segment'],
    ['/api/catalog/.%2E', 'dot segment'],
    ['/api/catalog/..;x/orders', 'dot segment'],
    ['/api/catalog/..?x', 'dot segment'],
    ['/api/catalog%2ffilms', 'encoded slash'],
    ['/api/catalog%5Cfilms', 'encoded slash'],
    ['/api/catalog\\films', 'raw character'],
    ['/api/catalog/%00', 'control character'],
    ['/api/catalog/%0d%0aX:1', 'control character'],
    ['/api/%252e%252e/x', 'encoded twice'],
    ['/api/%2', 'broken percent-encoding'],
    ['/api/%u002e', 'broken percent-encoding'],
    ['/api/%c0%ae', 'broken percent-encoding'],
    ['/api//catalog', 'empty segment'],
    ['//evil.example/api', 'empty segment'],
    ['/api/catalog//', 'empty segment'],
    ['/api/%61dmin', 'needs no encoding'],
    ['/api/a%2Db%5f%7e', 'needs no encoding'],
    ['/api/b%2Ejson', 'needs no encoding'],
    ['/api/ä', 'raw character'],
    ['/api/a?q=ä', 'raw character'],
    ['/api/a#b', 'raw character'],
    ['/api/a\t', 'raw character'],
  ])('%s is refused', (target, reason) => {
    expect(TARGET_REFUSALS[pathLength(target)]).toContain(reason);
  });

  it('that is taken means the same to a server that normalises it', () => {
    const piece = fc.oneof(
      fc.constantFrom('.', '..', '%2e', '%2E', '%2f', '%5c', '%25', ';', '/', '%00', 'é', '\\'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/api/${pieces.join('')}`;
        const length = pathLength(target);
        if (length < 0) return;
        const path = target.slice(0, length);
        // WHATWG encodes a few raw characters, which changes no segment.
        const normal = new URL(`http://h${path}`).pathname;
        expect(normal.split('/').length).toBe(path.split('/').length);
        expect(decodeURIComponent(normal)).toBe(decodeURIComponent(path));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what needs no encoding', () => {
  it.each([
    ['/api/%61dmin?x=%61', '/api/admin?x=%61'],
    ['/a%7Eb%2Dc%5f%2E%39', '/a~b-c_.9'],
    ['/%e6%98%9f%20%41', '/%e6%98%9f%20A'],
    ['/100%25', '/100%25'],
  ])('%s is written out: %s', (target, plain) => {
    expect(withoutNeedlessEncoding(target)).toBe(plain);
  });

  it('means the same afterwards, and is never left behind', () => {
    const piece = fc.oneof(fc.stringMatching(/^%[2-7][0-9a-fA-F]$/), fc.constantFrom('/', 'a', '%C3%A9', '.', '-'));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join('')}`;
        const plain = withoutNeedlessEncoding(target);
        expect(decodeURIComponent(plain)).toBe(decodeURIComponent(target));
        expect(TARGET_REFUSALS[pathLength(plain)] ?? '').not.toContain('needs no encoding');
      }),
    );
  });
});
