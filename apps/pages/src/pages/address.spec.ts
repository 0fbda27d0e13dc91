import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Address, addressOf, FEATURED, keyOf, showing } from './address.ts';

const language = fc.constantFrom('en', 'zh');
const address = fc.oneof(
  fc.record({ kind: fc.constant('home'), language }),
  fc.record({ kind: fc.constant('list'), language, page: fc.integer({ min: 1, max: 9999 }) }),
  fc.record({
    kind: fc.constant('film'),
    language,
    filmId: fc.integer({ min: 0, max: 9999 }).map((id) => `film-${String(id).padStart(4, '0')}`),
  }),
) as fc.Arbitrary<Address>;

it('an address and its key are one', () => {
  fc.assert(
    fc.property(address, (one) => {
      expect(addressOf(keyOf(one))).toEqual(one);
    }),
  );
});

it.each(['', 'en', 'fr/', 'en/films/', 'en/films/page-0', 'en/films/film-1', 'en/films/../x', 'en/films/film-0001\n'])(
  '%j is none',
  (key) => expect(addressOf(key)).toBeUndefined(),
);

it('a film is shown by its own page, its list page and, when it is featured, by the home page, in each language', () => {
  expect(showing('film-0049').map(keyOf)).toEqual([
    ...['en/films/film-0049', 'en/films/page-2'],
    ...['zh/films/film-0049', 'zh/films/page-2'],
  ]);
  expect(showing(FEATURED[0] ?? '').map(keyOf)).toContain('zh/');
});
