import { LANGUAGES, type Language } from './page.ts';

/** A page's place: its key in the cache, its path below /pages/ and, with an ending, its file. */
export type Address =
  | { kind: 'home'; language: Language }
  | { kind: 'list'; language: Language; page: number }
  | { kind: 'film'; language: Language; filmId: string };

const KEY = /^(en|zh)\/(?:films\/(?:page-([1-9]\d{0,3})|(film-\d{4})))?$/;
export const FILMS_ON_A_PAGE = 48;

/** Well-known films, which the home page shows. */
export const FEATURED = [
  ...['film-0842', 'film-0370', 'film-0913', 'film-0742', 'film-0020', 'film-1529'],
  ...['film-2831', 'film-0214', 'film-1164', 'film-1621', 'film-0568', 'film-3096'],
];

export function addressOf(key: string): Address | undefined {
  const [match, language, page, filmId] = KEY.exec(key) ?? [];
  if (match === undefined) return undefined;
  const of = language as Language;
  if (filmId) return { kind: 'film', language: of, filmId };
  return page ? { kind: 'list', language: of, page: Number(page) } : { kind: 'home', language: of };
}

export function keyOf(address: Address): string {
  switch (address.kind) {
    case 'home':
      return `${address.language}/`;
    case 'list':
      return `${address.language}/films/page-${address.page}`;
    case 'film':
      return `${address.language}/films/${address.filmId}`;
  }
}

/** The list page that shows a film: the catalog numbers its films in the order in which it lists them. */
export const listPageOf = (filmId: string): number =>
  Math.max(1, Math.ceil(Number(filmId.slice('film-'.length)) / FILMS_ON_A_PAGE));

/** Every page that shows the film, in every language. */
export const showing = (filmId: string): Address[] =>
  LANGUAGES.flatMap((language): Address[] => [
    { kind: 'film', language, filmId },
    { kind: 'list', language, page: listPageOf(filmId) },
    ...(FEATURED.includes(filmId) ? [{ kind: 'home' as const, language }] : []),
  ]);
