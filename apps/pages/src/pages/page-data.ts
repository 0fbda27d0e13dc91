import type { Film } from '@rookery/contracts';
import type { TemplateData } from '../template/template.ts';
import { FILMS_ON_A_PAGE, listPageOf } from './address.ts';
import { genreIn } from './genres.ts';
import type { Language, Page } from './page.ts';

export function filmPage(language: Language, film: Film): Page {
  const data: TemplateData = {
    ...card(language, film),
    path: `films/${film.id}`,
    listPage: String(listPageOf(film.id)),
    released: film.releaseDate,
    director: film.director,
    distributor: film.distributor,
    rating: film.rating,
    minutes: film.runningMinutes ? String(film.runningMinutes) : undefined,
    imdb: film.imdbRating ? film.imdbRating.toFixed(1) : undefined,
  };
  return page('film', language, [film], data);
}

export function homePage(language: Language, films: readonly Film[]): Page {
  return page('home', language, films, { path: '', films: films.map((film) => card(language, film)) });
}

/** One page of the list of all films. */
export function listPage(language: Language, number: number, films: readonly Film[], total: number): Page {
  const pages = Math.ceil(total / FILMS_ON_A_PAGE);
  return page('list', language, films, {
    path: `films/page-${number}`,
    page: String(number),
    pages: String(pages),
    total: total.toLocaleString('en-US'),
    previous: number > 1 ? String(number - 1) : undefined,
    next: number < pages ? String(number + 1) : undefined,
    films: films.map((film) => card(language, film)),
  });
}

export const missingPage = (language: Language): Page => ({
  status: 404,
  template: 'missing',
  language,
  version: 0,
  data: { version: '0', path: '' },
});

/**
 * The sum of the films' versions: a page always shows the same films, each version only grows, and the films of one page
 * are read in one statement; so of two pages the one with the higher sum is the newer.
 */
function page(template: Page['template'], language: Language, films: readonly Film[], data: TemplateData): Page {
  const version = films.reduce((sum, film) => sum + film.version, 0);
  return { status: 200, template, language, version, data: { ...data, version: String(version) } };
}

function card(language: Language, film: Film) {
  return {
    id: film.id,
    title: film.title,
    price: priceText(film.priceCents),
    year: film.year ? String(film.year) : undefined,
    genre: film.genre ? genreIn(language, film.genre) : undefined,
    hue: String((Number(film.id.slice('film-'.length)) * 137) % 360),
  } satisfies TemplateData;
}

const priceText = (cents: number): string => `$${(cents / 100).toFixed(2)}`;
