import { type Database, openDatabase } from '@rookery/database';
import { startPostgres } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../migrations/index.ts';
import { Films } from './films.ts';
import type { CatalogDatabase } from './films-table.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('films on Postgres', () => {
  let database: Database<CatalogDatabase>;
  let films: Films;

  beforeAll(async () => {
    database = await openDatabase<CatalogDatabase>({ url: await postgres?.createDatabase('catalog'), migrations });
    films = new Films(database);
  });
  afterAll(() => database?.close());

  const titles = async (query: string) => {
    const { items } = await films.search({ query, page: 1, pageSize: 20 });
    return items.map((film) => film.title);
  };

  it('are found by the words of their title', async () => {
    const { items, total, page } = await films.search({ query: 'star wars', page: 1, pageSize: 20 });
    expect({ total, page }).toEqual({ total: 7, page: 1 });
    expect(items[0]?.title).toMatch(/^Star Wars/);
  });

  it('are found without accents, by director, and by a year that is the title', async () => {
    expect(await titles('amelie poulain')).toEqual(["Le Fabuleux destin d'Amélie Poulain"]);
    expect(await titles('AMÉLIE Poulain')).toEqual(["Le Fabuleux destin d'Amélie Poulain"]);
    expect(await titles('kubrick')).toContain('2001: A Space Odyssey');
    expect(await titles('1941')).toEqual(['1941']);
  });

  it('come page by page, none twice', async () => {
    const pages = await Promise.all(
      [1, 2, 3].map((page) => films.search({ query: 'drama', page, pageSize: 50 }).then(({ items }) => items)),
    );
    const ids = pages.flat().map((film) => film.id);
    expect(new Set(ids).size).toBe(150);
  });

  it('all come for an empty query, and none beyond the last page', async () => {
    const first = await films.search({ query: ' ', page: 1, pageSize: 2 });
    expect(first.total).toBe(3201);
    expect(first.items.map((film) => film.id)).toEqual(['film-0001', 'film-0002']);
    expect(await films.search({ query: '', page: 9_999, pageSize: 100 })).toMatchObject({ items: [], total: 3201 });
  });

  it.each(["'", '"star', '!!!', '& | !', 'a:*', '-', '\\', '🚀', '%'])('survive the query %j', async (query) => {
    await expect(films.search({ query, page: 1, pageSize: 5 })).resolves.toMatchObject({ page: 1 });
  });

  it('come by id without empty fields, unknown ids left out', async () => {
    const found = await films.byIds(['film-0002', 'film-9999', 'nonsense\0', 'film-0001', 'film-0002']);
    expect(found.map((film) => film.id)).toEqual(['film-0002', 'film-0001']);
    expect(found[1]).toEqual({
      id: 'film-0001',
      title: 'The Land Girls',
      priceCents: 1099,
      version: 1,
      year: 1998,
      releaseDate: '1998-06-12',
      distributor: 'Gramercy',
      rating: 'R',
      imdbRating: 6.1,
    });
    await expect(films.byId('film-9999')).rejects.toMatchObject({ code: 'FILM_UNKNOWN', status: 404 });
  });
});
