import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flatten, unflatten } from './flatten.ts';
import { formatOfName } from './format.ts';
import { parseFormat } from './parse-format.ts';
import { writeFormat } from './write-format.ts';

const key = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,6}$/).filter((name) => name !== '__proto__');
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((value) => !value.includes('\0') && value.isWellFormed());
const leaf = fc.oneof(text, fc.integer(), fc.boolean());
/** Without what a format cannot say: empty objects and lists, lists in lists of mixed kinds. */
const tree = fc.dictionary(
  key,
  fc.oneof(leaf, fc.array(leaf, { minLength: 1, maxLength: 3 }), fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 3 })),
  { minKeys: 1, maxKeys: 4, noNullPrototype: true },
);

describe('formats of settings', () => {
  it.each(['json', 'yaml', 'toml'] as const)('%s gives back what was written, in the same text each time', (format) => {
    fc.assert(
      fc.property(tree, (settings) => {
        const written = writeFormat(format, settings);
        expect(parseFormat(format, written, 'a test')).toEqual(settings);
        expect(writeFormat(format, structuredClone(settings))).toBe(written);
      }),
    );
  });

  it('properties give back what was written, with every value as text', () => {
    fc.assert(
      fc.property(tree, (settings) => {
        const asText = unflatten([...flatten(settings)].map(([path, value]) => [path, String(value)]));
        expect(parseFormat('properties', writeFormat('properties', settings), 'a test')).toEqual(asText);
      }),
    );
  });

  it('JSON with a key that stands twice is refused, and a long list is read', () => {
    expect(() => parseFormat('json', '{"limit": 1, "limit": 2}', 'a test')).toThrow('a test');
    const routes = Array.from({ length: 5_000 }, (_, at) => ({ id: `route-${at}` }));
    expect(parseFormat('json', JSON.stringify({ routes }), 'a test')).toEqual({ routes });
  });

  it('are flattened as Spring flattens them', () => {
    const settings = { a: { b: [1, { c: true }] }, d: null };
    expect([...flatten(settings)]).toEqual([
      ['a.b[0]', 1],
      ['a.b[1].c', true],
      ['d', null],
    ]);
    expect(unflatten(flatten(settings))).toEqual(settings);
  });

  it('take longer keys over a value in their way, and no prototype', () => {
    expect(parseFormat('properties', 'a=1\na.b=2\nc.d=3\nc=4\n__proto__.x=5', 'a test')).toEqual({
      a: { b: '2' },
      c: { d: '3' },
    });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('are told from the end of a name', () => {
    expect(formatOfName('orders.prod.yml')).toEqual({ format: 'yaml', base: 'orders.prod' });
    expect(formatOfName('orders')).toBeUndefined();
    expect(formatOfName('.yaml')).toBeUndefined();
  });

  it('name the place of a mistake, never the text', () => {
    expect(() => parseFormat('toml', 'a = 1\nsecret = "hunter2', 'release 1')).toThrow(
      /release 1 do not parse: line 2/,
    );
    expect(() => parseFormat('toml', 'a = 1\nsecret = "hunter2', 'release 1')).not.toThrow(/hunter2/);
    expect(() => parseFormat('yaml', 'a: [', 'release 1')).toThrow(/line 1/);
  });

  it('write plain text as it is', () => {
    expect(parseFormat('text', 'any thing', 'a test')).toEqual({ content: 'any thing' });
    expect(writeFormat('text', { content: 'any thing' })).toBe('any thing');
  });
});
