import type { Migration } from '@rookery/database';
import { type Kysely, sql } from 'kysely';

/** `search` is filled by the loader with folded words, so that `amelie` finds Amélie. */
export const createFilms: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table films (
        id text primary key,
        title text not null,
        price_cents integer not null check (price_cents > 0),
        year integer,
        release_date date,
        genre text,
        director text,
        distributor text,
        rating text,
        running_minutes integer,
        imdb_rating double precision,
        search tsvector not null
      )`.execute(db);
    await sql`create index films_search on films using gin (search)`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table films`.execute(db);
  },
};
