import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolvePlaceholders } from './resolve-placeholders.ts';

const resolve = (tree: Record<string, unknown>, typed = true) => resolvePlaceholders(tree, 'refuse', typed);

describe('placeholders', () => {
  it.each([
    [
      { a: '${b}', b: 5 },
      { a: 5, b: 5 },
    ],
    [
      { a: 'x${b}y${c.d[1]}', b: 5, c: { d: [0, true] } },
      { a: 'x5ytrue', b: 5, c: { d: [0, true] } },
    ],
    [
      { a: '${b}', b: '${c}', c: '${d:e}' },
      { a: 'e', b: 'e', c: 'e' },
    ],
    [
      { a: '${none:25}', b: '${none:}', c: '${none:a:b}', d: '${none:true} ' },
      { a: 25, b: '', c: 'a:b', d: 'true ' },
    ],
    [
      { a: '${x:${b}}', b: 1 },
      { a: 1, b: 1 },
    ],
    [
      { a: '${hosts.${env}}', env: 'eu', hosts: { eu: 'h1' } },
      { a: 'h1', env: 'eu', hosts: { eu: 'h1' } },
    ],
    [
      { a: '\\${b}', b: '$5 {x} $', c: '${open' },
      { a: '${b}', b: '$5 {x} $', c: '${open' },
    ],
    [
      { a: [{ b: '${c}' }], c: null },
      { a: [{ b: null }], c: null },
    ],
  ])('%j are %j', (written, resolved) => {
    expect(resolve(written)).toEqual(resolved);
  });

  it('are text in .properties, also their defaults', () => {
    expect(resolve({ a: '${none:25}' }, false)).toEqual({ a: '25' });
  });

  it('in a circle are refused with its path', () => {
    const cycle = (tree: Record<string, unknown>) => {
      try {
        resolve(tree);
      } catch (error) {
        return (error as { details: { cycle: string[] } }).details.cycle;
      }
      return undefined;
    };
    expect(cycle({ a: '${a}' })).toEqual(['a', 'a']);
    expect(cycle({ x: '${a}', a: 'to ${b.c}', b: { c: '${d:1}' }, d: '${a}' })).toEqual(['a', 'b.c', 'd', 'a']);
    expect(cycle({ a: '${none:${a}}' })).toEqual(['a', 'a']);
    expect(cycle({ a: '${b}${b}', b: '${c}${c}', c: 1 })).toBeUndefined();
  });

  it('without a setting and a default are refused, or left to who knows more', () => {
    expect(() => resolve({ a: { b: '${HOME}/x' } })).toThrow(/\$\{HOME\}.* a\.b/);
    expect(() => resolve({ a: '${b}', b: { c: 1 } })).toThrow(/\$\{b\}/);
    expect(resolvePlaceholders({ a: '${HOME}/${b}', b: 1 }, 'leave', true)).toEqual({ a: '${HOME}/1', b: 1 });
  });

  it('do not carry an encrypted setting elsewhere', () => {
    expect(() => resolve({ url: 'db://x:${password}@h', password: '{cipher}abc' })).toThrow(/encrypted/);
  });

  it('that double themselves end at the size that settings may have', () => {
    const bomb = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`k${n}`, n ? `\${k${n - 1}}\${k${n - 1}}` : 'xx']),
    );
    expect(() => resolve(bomb)).toThrow(/bytes/);
  });

  it('in a row of thousands are refused', () => {
    const row = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, `\${k${n + 1}:}`]));
    expect(() => resolve(row)).toThrow(/at most 100/);
  });

  it('never end otherwise than in settings or one of these errors, whatever refers to what', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const text = fc.array(
      fc.oneof(
        fc.constantFrom('x', ':', '{', '}', '$', '\\'),
        name.map((n) => `\${${n}}`),
        name.map((n) => `\${z:\${${n}}}`),
      ),
      { maxLength: 4 },
    );
    const tree = fc.dictionary(
      name,
      text.map((parts) => parts.join('')),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(tree, (written) => {
        try {
          expect(Object.keys(resolve(written))).toEqual(Object.keys(written));
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^CONFIG_PLACEHOLDER_(CYCLE|MISSING)$/);
        }
      }),
    );
  });
});
