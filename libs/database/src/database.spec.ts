import { Test } from '@nestjs/testing';
import { startPostgres } from '@rookery/servers';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseModule } from './database.module.ts';
import { Database } from './database.ts';
import { type Migration, openDatabase } from './index.ts';

interface Tables {
  film: { title: string };
}

const createFilm: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('film').addColumn('title', 'text').execute();
  },
};

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('a database on Postgres', () => {
  let url = '';
  let database: Database<Tables>;

  beforeAll(async () => {
    url = (await postgres?.createDatabase('database')) ?? '';
    database = await openDatabase<Tables>({ url, migrations: { '001-film': createFilm }, statementTimeoutMs: 500 });
  });
  afterAll(() => database?.close());

  const titles = async () => (await database.kysely.selectFrom('film').selectAll().execute()).map((film) => film.title);
  const terminate = (pid: unknown) => sql`select pg_terminate_backend(${pid}::int)`.execute(database.kysely);

  it('runs each migration once when several replicas start at once', async () => {
    let runs = 0;
    const counted: Migration = {
      async up(db: Kysely<unknown>) {
        runs += 1;
        await sql`create table once (id int)`.execute(db);
      },
    };
    const migrations = { '001-film': createFilm, '002-once': counted };
    const replicas = await Promise.all([1, 2, 3].map(() => openDatabase({ url, migrations })));
    await Promise.all(replicas.map((replica) => replica.close()));
    expect(runs).toBe(1);
  });

  it('names the migration that fails, and keeps nothing of it', async () => {
    const broken: Migration = {
      async up(db: Kysely<unknown>) {
        await sql`create table half (id int)`.execute(db);
        await sql`select no_such_column`.execute(db);
      },
    };
    const migrations = { '001-film': createFilm, '002-once': createFilm, '003-broken': broken };
    await expect(openDatabase({ url, migrations })).rejects.toThrow(
      /Migration 003-broken .* failed, nothing was changed/,
    );
    const { rows } = await sql`select to_regclass('half') as half`.execute(database.kysely);
    expect(rows).toEqual([{ half: null }]);
  });

  it('stores all of a transaction or nothing', async () => {
    await database.transaction((trx) => trx.insertInto('film').values({ title: 'Alien' }).execute());
    const failing = database.transaction(async (trx) => {
      await trx.insertInto('film').values({ title: 'Heat' }).execute();
      throw new Error('changed its mind');
    });
    await expect(failing).rejects.toThrow('changed its mind');
    expect(await titles()).toEqual(['Alien']);
  });

  it('rejects a transaction whose connection is killed midway, and nothing of it stays', async () => {
    const killed = database.transaction(async (trx) => {
      await trx.insertInto('film').values({ title: 'Half' }).execute();
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await terminate(rows[0]?.pid);
      await trx.insertInto('film').values({ title: 'Whole' }).execute();
    });
    await expect(killed).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', status: 503 });
    await expect(killed).rejects.toHaveProperty('retryAfterMs');
    expect(await titles()).toEqual(['Alien']);
  });

  it('survives that every idle connection is killed', async () => {
    await Promise.all([1, 2, 3].map(() => database.ping()));
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(database.kysely);
    await expect.poll(() => database.ping().then(() => 'well', String)).toBe('well');
  });

  it('ends a statement at its deadline', async () => {
    await expect(sql`select pg_sleep(5)`.execute(database.kysely)).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' });
    await database.ping();
  });

  it('leaves a server that hangs, and does not use that connection again', async () => {
    const hung = database.kysely.connection().execute(async (connection) => {
      await sql`set statement_timeout = 0`.execute(connection);
      await sql`select pg_sleep(10)`.execute(connection);
    });
    await expect(hung).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await database.ping();
  });

  it('is injected by DatabaseModule and closed with the app', async () => {
    const app = await Test.createTestingModule({ imports: [DatabaseModule.forRoot({ url })] }).compile();
    await app.init();
    const injected = app.get(Database);
    await injected.ping();
    await app.close();
    await expect(injected.ping()).rejects.toThrow();
  });
});
