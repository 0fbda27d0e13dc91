import { Inject, Injectable } from '@nestjs/common';
import type { Film } from '@rookery/contracts';
import { Database } from '@rookery/database';
import { sql } from 'kysely';
import { FILM_ID, filmUnknown } from './film-id.ts';
import { type CatalogDatabase, FILM_COLUMNS, filmOf } from './films-table.ts';
import { fold } from './fold.ts';

export interface FilmSearch {
  query: string;
  page: number;
  pageSize: number;
}

export interface FilmsPage {
  items: Film[];
  page: number;
  total: number;
}

/** The films that can be ordered. */
@Injectable()
export class Films {
  constructor(@Inject(Database) private readonly database: Database<CatalogDatabase>) {}

  /** Fails with `FILM_UNKNOWN` (404) when there is none with that id. */
  async byId(id: string): Promise<Film> {
    const [film] = await this.byIds([id]);
    if (film) return film;
    throw filmUnknown();
  }

  /** Those of the ids that are films, in the order given, each once. */
  async byIds(ids: readonly string[]): Promise<Film[]> {
    const wanted = [...new Set(ids)].filter((id) => FILM_ID.test(id));
    if (wanted.length === 0) return [];
    const rows = await this.database.kysely
      .selectFrom('films')
      .select(FILM_COLUMNS)
      .where('id', 'in', wanted)
      .execute();
    const films = new Map(rows.map((row) => [row.id, filmOf(row)]));
    return wanted.flatMap((id) => films.get(id) ?? []);
  }

  /** Films that have every word of the query (`"exact phrase"`, `or` and `-not` work), the best matches first. */
  async search({ query, page, pageSize }: FilmSearch): Promise<FilmsPage> {
    const words = fold(query).trim();
    const wanted = sql`websearch_to_tsquery('simple', ${words})`;
    const matching = this.database.kysely
      .selectFrom('films')
      .$if(words !== '', (films) => films.where(sql<boolean>`search @@ ${wanted}`));
    const [{ total }, rows] = await Promise.all([
      matching.select(sql<number>`count(*)::integer`.as('total')).executeTakeFirstOrThrow(),
      matching
        .select(FILM_COLUMNS)
        .$if(words !== '', (films) => films.orderBy(sql`ts_rank_cd(search, ${wanted})`, 'desc'))
        .orderBy('id')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute(),
    ]);
    return { items: rows.map(filmOf), page, total };
  }
}
