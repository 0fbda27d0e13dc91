import type { Film } from '@rookery/contracts';
import type { Movie } from './movies.ts';
import { repairText } from './repair-text.ts';

/** A film before the catalog has given it a version. */
export type NewFilm = Omit<Film, 'version'>;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The data ends in 2011; a later year is a two-digit one that was completed into the wrong century. */
const LAST_YEAR = 2012;

/** A film of the catalog from the movie at `index` of the data. The same movie gives the same film at any time. */
export function toFilm(movie: Movie, index: number): NewFilm {
  const releaseDate = isoDate(movie['Release Date']);
  const film: NewFilm = {
    id: `film-${String(index + 1).padStart(4, '0')}`,
    title: movie.Title === null ? 'Untitled' : repairText(String(movie.Title)),
    priceCents: priceCents(movie['IMDB Rating']),
  };
  if (releaseDate) {
    film.releaseDate = releaseDate;
    film.year = Number(releaseDate.slice(0, 4));
  }
  if (movie['Major Genre']) film.genre = movie['Major Genre'];
  if (movie.Director !== null) film.director = repairText(String(movie.Director));
  if (movie.Distributor) film.distributor = movie.Distributor;
  if (movie['MPAA Rating']) film.rating = movie['MPAA Rating'];
  if (movie['Running Time min']) film.runningMinutes = movie['Running Time min'];
  if (movie['IMDB Rating'] !== null) film.imdbRating = movie['IMDB Rating'];
  return film;
}

/** The data has no prices: 4.99 and one more for each full point of the IMDb rating, 9.99 where there is none. */
export const priceCents = (imdbRating: number | null): number => 499 + 100 * Math.floor(imdbRating ?? 5);

/** `Jun 12 1998` as `1998-06-12`; undefined where it is no such date. */
export function isoDate(text: string): string | undefined {
  const [, month = '', day, year] = /^([A-Z][a-z]{2}) (\d{2}) (\d{4})$/.exec(text) ?? [];
  const number = MONTHS.indexOf(month) + 1;
  if (!number) return undefined;
  const full = Number(year) > LAST_YEAR ? Number(year) - 100 : year;
  return `${full}-${String(number).padStart(2, '0')}-${day}`;
}
