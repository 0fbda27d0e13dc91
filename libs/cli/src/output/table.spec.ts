import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fit, renderTable } from './table.ts';

describe('a table', () => {
  test('stands in columns and wraps the long one at words', () => {
    const text = renderTable(
      ['SERVICE', 'WHAT IT IS FOR', 'URL', 'STATE'],
      [
        ['gateway', 'The one way in: routes, retries, breakers', 'http://127.0.0.1:8080', 'ready'],
        ['config-center', 'Versioned settings, pushed to the services', 'http://127.0.0.1:18090', 'ready'],
      ],
      { flexible: 1 },
    );
    expect(text.split('\n')).toEqual([
      'SERVICE        WHAT IT IS FOR                    URL                     STATE',
      'gateway        The one way in: routes, retries,  http://127.0.0.1:8080   ready',
      '               breakers',
      'config-center  Versioned settings, pushed to     http://127.0.0.1:18090  ready',
      '               the services',
    ]);
  });

  test('is never wider than 80 columns', () => {
    const word = fc.string({ minLength: 0, maxLength: 90, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word, word), { minLength: 1, maxLength: 5 }), (rows) => {
        const widest = Math.max(
          ...renderTable(['A', 'B', 'C', 'D'], rows, { flexible: 1 })
            .split('\n')
            .map((line) => line.length),
        );
        expect(widest).toBeLessThanOrEqual(80);
      }),
    );
  });

  test('keeps natural widths where they fit', () => {
    expect(fit([5, 10, 20], 1)).toEqual([5, 10, 20]);
    expect(fit([13, 60, 22, 5], 1)).toEqual([13, 32, 22, 5]);
  });
});
