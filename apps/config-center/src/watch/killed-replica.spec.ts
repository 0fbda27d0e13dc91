import 'reflect-metadata';
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigSource, openConfigSource, type Snapshot } from '@rookery/config';
import { Database } from '@rookery/database';
import { forkSource, startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keyText, type SettingKey } from '../settings/setting-key.ts';
import { call, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
const home = await mkdtemp(join(tmpdir(), 'rookery-killed-'));
afterAll(async () => {
  await postgres?.stop();
  await rm(home, { recursive: true });
});

/** Well below the slow catch-up read of 30 s, which none of this may need. */
const HEARD_MS = 15_000;

describe.skipIf(!postgres)('watchers of a replica, when another one is killed during a release', () => {
  let database: Database;
  let survivor: RunningService;
  const opened: ConfigSource[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    const url = (await postgres?.createDatabase('config')) ?? '';
    process.env.DATABASE_URL = url;
    process.env.WATCH_HEARTBEAT_MS = '60000';
    survivor = await startReplica();
    delete process.env.WATCH_HEARTBEAT_MS;
    database = new Database(new URL(url));
  }, 30_000);
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(opened.splice(0).map((source) => source.close()));
  });
  afterAll(async () => {
    await survivor?.close();
    await database?.close();
  });

  async function startVictim(): Promise<{ url: string; kill(): Promise<void> }> {
    const child = forkSource(new URL('../testing/replica-process.ts', import.meta.url));
    children.push(child);
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    const gone = once(child, 'exit');
    return {
      url,
      async kill() {
        child.kill('SIGKILL');
        await gone;
      },
    };
  }

  async function follow(path: string): Promise<Snapshot[]> {
    const service = path.split('/').at(-1) ?? '';
    const source = await openConfigSource({ url: survivor.urls.http, service, instance: 'one', home });
    opened.push(source);
    await source.load();
    const seen: Snapshot[] = [];
    source.watch?.((snapshot) => seen.push(snapshot));
    return seen;
  }
  const keyOf = (path: string): SettingKey => {
    const [namespace = '', group = '', service = ''] = path.split('/').slice(-3);
    return { namespace, group, service };
  };
  const versions = (seen: readonly Snapshot[]) => seen.map(({ version }) => version);
  /** Sends a release that nobody waits for the answer of: whoever would give it is killed. */
  const publish = (url: string, step: number) => call(url, 'PUT', { step }).catch(() => undefined);
  const waits = async (event: string) => {
    const { rows } = await sql<{ count: string }>`
      select count(*) from pg_stat_activity
      where datname = current_database() and wait_event = ${event}`.execute(database.kysely);
    return Number(rows[0]?.count);
  };
  const poll = <T>(what: () => T) => expect.poll(what, { timeout: HEARD_MS });

  it('before its commit: nothing of the release is there, and they hear of the next', { timeout: 60_000 }, async () => {
    const path = newKey();
    const seen = await follow(path);
    await call(survivor.urls.http + path, 'PUT', { step: 1 });
    await poll(() => versions(seen)).toEqual([1]);
    const victim = await startVictim();
    let sent: Promise<unknown> | undefined;
    await database.transaction(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${keyText(keyOf(path))}, 0))`.execute(trx);
      sent = publish(victim.url + path, 2);
      await poll(() => waits('advisory')).toBe(1);
      await victim.kill();
    });
    await sent;
    await call(survivor.urls.http + path, 'PUT', { step: 3 });
    await poll(() => versions(seen)).toEqual([1, 2]);
    expect(seen.at(-1)?.settings).toEqual({ step: 3 });
    expect((await call(`${survivor.urls.http + path}/history`)).body).toMatchObject({
      items: [{ version: 2 }, { version: 1 }],
    });
  });

  it('in its commit: the release is in force and they hear of it, though nobody was answered', {
    timeout: 60_000,
  }, async () => {
    const path = newKey();
    const seen = await follow(path);
    const victim = await startVictim();
    // A commit that takes two seconds.
    await sql`create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(2); return null; end'`.execute(
      database.kysely,
    );
    await sql`create constraint trigger slow after insert on setting_releases deferrable initially deferred for each row execute function slow()`.execute(
      database.kysely,
    );
    try {
      const sent = publish(victim.url + path, 1);
      await poll(() => waits('PgSleep')).toBe(1);
      await victim.kill();
      await sent;
      await poll(() => seen.at(-1)?.settings).toEqual({ step: 1 });
    } finally {
      await sql`drop function slow() cascade`.execute(database.kysely);
    }
    expect(versions(seen)).toEqual([1]);
  });

  it('at any moment of many releases: what is in force is what they have', { timeout: 60_000 }, async () => {
    const path = newKey();
    const seen = await follow(path);
    const victim = await startVictim();
    let isUp = true;
    const publishing = (async () => {
      for (let step = 1; isUp; step += 1) await publish(victim.url + path, step);
    })();
    await poll(() => seen.length).toBeGreaterThan(5);
    await victim.kill();
    isUp = false;
    await publishing;
    const current = async () => (await call(survivor.urls.http + path)).body.version;
    await poll(async () => (await current()) === seen.at(-1)?.version).toBe(true);
    await call(survivor.urls.http + path, 'PUT', { step: 0 });
    await poll(() => seen.at(-1)?.settings).toEqual({ step: 0 });
  });

  it('what is released while a replica does not listen comes when it listens again', { timeout: 60_000 }, async () => {
    const path = newKey();
    const seen = await follow(path);
    const name = path.split('/').at(-1);
    for (let step = 1; step <= 5; step += 1) {
      const poller = fetch(
        `${survivor.urls.http}/notifications/v2?appId=${name}&cluster=default&notifications=` +
          encodeURIComponent(JSON.stringify([{ namespaceName: 'application', notificationId: step - 1 }])),
        { signal: AbortSignal.timeout(HEARD_MS) },
      );
      // The notification is sent to nobody: the connection that would hear it has just been cut.
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'rookery-listen' and datname = current_database()`.execute(database.kysely);
      await call(survivor.urls.http + path, 'PUT', { step });
      await poll(() => seen.at(-1)?.settings).toEqual({ step });
      expect((await poller).status).toBe(200);
    }
    expect(versions(seen)).toEqual([1, 2, 3, 4, 5]);
  });
});
