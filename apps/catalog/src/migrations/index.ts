import type { Migration } from '@rookery/database';
import { createFilms } from './001-create-films.ts';
import { loadFilms } from './002-load-films.ts';

/** The catalog's schema and its data, in the order in which they run. */
export const migrations: Record<string, Migration> = {
  '001-create-films': createFilms,
  '002-load-films': loadFilms,
};
