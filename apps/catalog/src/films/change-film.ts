import { Inject, Injectable } from '@nestjs/common';
import { type Film, type FilmChanged, filmChanged } from '@rookery/contracts';
import { Database } from '@rookery/database';
import { Outbox } from '@rookery/messaging';
import { sql } from 'kysely';
import { FILM_ID, filmUnknown } from './film-id.ts';
import { type CatalogDatabase, FILM_COLUMNS, filmOf } from './films-table.ts';

/** What of a film can be changed. */
export interface FilmChange {
  priceCents: number;
}

/** Changes films. The change, the film's next version and the message about it are stored in one transaction. */
@Injectable()
export class ChangeFilm {
  constructor(
    @Inject(Database) private readonly database: Database<CatalogDatabase>,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  /** The film as it is now. Fails with `FILM_UNKNOWN` (404) when there is none with that id. */
  async change(id: string, { priceCents }: FilmChange): Promise<Film> {
    if (!FILM_ID.test(id)) throw filmUnknown();
    return this.database.transaction(async (trx) => {
      const row = await trx
        .updateTable('films')
        .set({ price_cents: priceCents, version: sql<number>`version + 1` })
        .where('id', '=', id)
        .returning(FILM_COLUMNS)
        .executeTakeFirst();
      if (!row) throw filmUnknown();
      const film = filmOf(row);
      const payload: FilmChanged = { film, changedAt: new Date().toISOString() };
      await this.outbox.add(trx, { topic: filmChanged.name, payload });
      return film;
    });
  }
}
