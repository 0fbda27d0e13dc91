import { escapeIdentifier } from 'pg';

export interface Statements {
  /** Makes schema, sequence and tables; more than one may do so at once. */
  prepare: string;
  holder: string;
  add: string;
  read: string;
  set: string;
  /** Under the lock: draws the token and says who holds it. */
  take: string;
}

/** Everything that is asked of Postgres, with the tables of one namespace. A lock's key is the hash of `$1`. */
export function statementsOf(namespace: string): Statements {
  const schema = escapeIdentifier(namespace);
  return {
    prepare: `
      select pg_advisory_xact_lock(hashtextextended('rookery coordination: prepare', 0));
      create schema if not exists ${schema};
      create sequence if not exists ${schema}.token;
      create table if not exists ${schema}.lock (name text primary key, token bigint not null, owner text not null, pid int not null);
      create table if not exists ${schema}.counter (name text primary key, value bigint not null)`,
    holder: `
      select lock.token, lock.owner from ${schema}.lock join pg_locks on pg_locks.pid = lock.pid
      where lock.name = $2 and locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and classid::bigint = (hashtextextended($1, 0) >> 32) & 4294967295
        and objid::bigint = hashtextextended($1, 0) & 4294967295`,
    add: `
      insert into ${schema}.counter as it values ($1, $2)
      on conflict (name) do update set value = it.value + excluded.value returning value`,
    read: `select value from ${schema}.counter where name = $1`,
    set: `update ${schema}.counter set value = $3 where name = $1 and value = $2 returning value`,
    take: `
      insert into ${schema}.lock values ($1, nextval('${schema.replaceAll("'", "''")}.token'), $2, pg_backend_pid())
      on conflict (name) do update set token = excluded.token, owner = excluded.owner, pid = excluded.pid returning token`,
  };
}

export const LOCK = 'select pg_advisory_lock(hashtextextended($1, 0))';
export const TRY_LOCK = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked';
