import { type Database, openDatabase } from '@rookery/database';
import { startPostgres } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../migrations.ts';
import type { AuthDatabase } from '../tables.ts';
import { KEPT_AFTER_MS, PUBLISHED_AHEAD_MS, ROTATE_AFTER_MS } from './key-plan.ts';
import { SigningKeys } from './signing-keys.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('the keys of the provider, on Postgres', () => {
  let database: Database<AuthDatabase>;
  let replicas: SigningKeys[];

  beforeAll(async () => {
    database = await openDatabase<AuthDatabase>({ url: await postgres?.createDatabase('auth'), migrations });
    replicas = Array.from({ length: 4 }, () => new SigningKeys(database));
  });
  afterAll(() => database?.close());

  const kids = async (keys: SigningKeys, nowMs: number) => (await keys.load(nowMs)).jwks.map(({ kid }) => kid);

  it('are made once by replicas that start at once, and taken over without a gap', async () => {
    const startMs = Date.now();
    const all = await Promise.all(replicas.map((keys) => kids(keys, startMs)));
    expect(new Set(all.flat()).size).toBe(1);
    const [keys = new SigningKeys(database)] = replicas;
    const [first] = await kids(keys, startMs + ROTATE_AFTER_MS - 1);
    const rotatesMs = startMs + ROTATE_AFTER_MS;
    const [signing, next] = await kids(keys, rotatesMs);
    expect(signing).toBe(first);
    expect(await kids(keys, rotatesMs + PUBLISHED_AHEAD_MS)).toEqual([next, first]);
    expect(await kids(keys, rotatesMs + PUBLISHED_AHEAD_MS + KEPT_AFTER_MS)).toEqual([next]);
  });

  it('sign cookies with the same secret after a restart', async () => {
    const [one, other] = await Promise.all(replicas.slice(0, 2).map((keys) => keys.load()));
    expect(one?.cookieKeys).toEqual(other?.cookieKeys);
    expect(one?.cookieKeys[0]?.length).toBeGreaterThan(40);
  });
});
