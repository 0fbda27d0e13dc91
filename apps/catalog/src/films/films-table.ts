import type { Film } from '@rookery/contracts';
import { type ColumnType, sql } from 'kysely';

/** Column names are the table's; see migrations/001-create-films.ts. */
export interface FilmsTable {
  id: string;
  title: string;
  price_cents: number;
  version: ColumnType<number, never>;
  year: number | null;
  release_date: string | null;
  genre: string | null;
  director: string | null;
  distributor: string | null;
  rating: string | null;
  running_minutes: number | null;
  imdb_rating: number | null;
  search: string;
}

export interface CatalogDatabase {
  films: FilmsTable;
}

/** What a film consists of, under the names of the contract. */
export const FILM_COLUMNS = [
  'id',
  'title',
  'price_cents as priceCents',
  'version',
  'year',
  sql<string | null>`release_date::text`.as('releaseDate'),
  'genre',
  'director',
  'distributor',
  'rating',
  'running_minutes as runningMinutes',
  'imdb_rating as imdbRating',
] as const;

type FilmRow = { [Field in keyof Required<Film>]: Film[Field] | null };

/** A film without the fields that its row has no value for. */
export const filmOf = (row: FilmRow): Film =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Film;
