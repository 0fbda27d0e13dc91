import type { Migration } from '@rookery/database';
import { type Kysely, sql } from 'kysely';
import { readMovies } from '../dataset/movies.ts';
import { toFilm } from '../dataset/to-film.ts';
import { fold } from '../films/fold.ts';

/** The 3,201 films of vega-datasets, in one statement. */
export const loadFilms: Migration = {
  async up(db: Kysely<unknown>) {
    const films = (await readMovies()).map(toFilm).map((film) => ({
      ...film,
      words: {
        a: fold(film.title),
        b: fold(film.director ?? ''),
        c: fold([film.genre, film.distributor].filter(Boolean).join(' ')),
      },
    }));
    await sql`
      insert into films
      select film->>'id', film->>'title', (film->>'priceCents')::integer, (film->>'year')::integer,
        (film->>'releaseDate')::date, film->>'genre', film->>'director', film->>'distributor', film->>'rating',
        (film->>'runningMinutes')::integer, (film->>'imdbRating')::double precision,
        setweight(to_tsvector('simple', film->'words'->>'a'), 'A')
          || setweight(to_tsvector('simple', film->'words'->>'b'), 'B')
          || setweight(to_tsvector('simple', film->'words'->>'c'), 'C')
      from jsonb_array_elements(${JSON.stringify(films)}::jsonb) as film
    `.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`truncate films`.execute(db);
  },
};
