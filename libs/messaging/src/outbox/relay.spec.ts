import { type Database, openDatabase } from '@rookery/database';
import { runWithRequest, startTracing } from '@rookery/observability';
import { startPostgres } from '@rookery/servers';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Message, Messaging } from '../messaging.ts';
import { Inbox } from './inbox.ts';
import { InboxCleaner } from './inbox-cleaner.ts';
import { inboxMigration, outboxMigration, outboxPrincipalMigration } from './migrations.ts';
import { Outbox } from './outbox.ts';
import { OutboxRelay } from './relay.ts';

/** Keeps what is published; can be told to hold or to fail. The rows, locks and transactions under test are Postgres'. */
class Recorder extends Messaging {
  readonly published: Message[] = [];
  before: () => Promise<void> = async () => {};

  async publish(messages: readonly Message[]): Promise<void> {
    await this.before();
    this.published.push(...messages);
  }
  subscribe = () => Promise.reject(new Error('not here'));
  deadLetters = async () => [];
  replay = async () => 0;
  ping = async () => {};
  close = async () => {};
}

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('the outbox on Postgres', () => {
  const outbox = new Outbox();
  const inbox = new Inbox();
  const relays: OutboxRelay[] = [];
  let database: Database;
  let second: Database;

  beforeAll(async () => {
    startTracing();
    const url = (await postgres?.createDatabase('outbox')) ?? '';
    database = await openDatabase({ url, migrations: { '001-outbox': outboxMigration, '002-inbox': inboxMigration } });
    second = await openDatabase({ url, maxConnections: 1, applicationName: 'relay-to-kill' });
    await sql`create table effect (message_id uuid)`.execute(database.kysely);
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.close()));
    await sql`truncate outbox, inbox, effect`.execute(database.kysely);
  });
  afterAll(() => Promise.all([database?.close(), second?.close()]));

  const relay = (messaging: Messaging, on = database, batchSize = 100) => {
    const started = new OutboxRelay(on, messaging, { batchSize });
    relays.push(started);
    return started;
  };
  const add = (payload: unknown) =>
    database.transaction((trx) => outbox.add(trx, { topic: 'order.placed', payload, headers: { tenant: 'a' } }));
  const left = async () => (await sql`select 1 from outbox`.execute(database.kysely)).rows.length;

  it('is published at the commit, in order, as it was added', async () => {
    const recorder = new Recorder();
    relay(recorder, database, 7);
    const added: Message[] = [];
    for (let index = 0; index < 30; index += 1) added.push(await add({ index }));
    await expect.poll(() => recorder.published).toEqual(added);
    await expect.poll(left).toBe(0);
  });

  it('is published for whom it was added, whoever runs the relay', async () => {
    const principal = { subject: 'ada', client: 'till', roles: ['clerk'], permissions: ['order:*'] };
    const added = await runWithRequest({ principal, accessToken: 'secret-of-ada' }, () => add('for ada'));
    const { rows } = await sql`select outbox::text as row from outbox`.execute(database.kysely);
    expect(JSON.stringify(rows)).not.toContain('secret-of-ada');
    const recorder = new Recorder();
    relay(recorder);
    await expect.poll(() => recorder.published).toEqual([added]);
    expect(recorder.published[0]?.principal).toEqual(principal);
  });

  it('gets its principal also in a database of before', async () => {
    await sql`alter table outbox drop column principal`.execute(database.kysely);
    for (const _twice of [1, 2]) await outboxPrincipalMigration.up(database.kysely);
    const recorder = new Recorder();
    relay(recorder);
    const added = await add('for nobody');
    expect(added).not.toHaveProperty('principal');
    await expect.poll(() => recorder.published).toEqual([added]);
  });

  it('is published by a relay that starts later', async () => {
    const added = await add('from before');
    const recorder = new Recorder();
    relay(recorder);
    await expect.poll(() => recorder.published).toEqual([added]);
  });

  it('stays while the engine fails, and leaves by itself once it is back', async () => {
    const recorder = new Recorder();
    recorder.before = () => Promise.reject(new Error('the engine is away'));
    relay(recorder);
    await add('patient');
    recorder.before = async () => {};
    await expect.poll(() => recorder.published.length, { timeout: 5_000 }).toBe(1);
  });

  it('close() ends the batch that is under way', async () => {
    const recorder = new Recorder();
    const publishing = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    recorder.before = () => {
      publishing.resolve();
      return gate.promise;
    };
    const running = relay(recorder);
    await add('under way');
    await publishing.promise;
    const closed = running.close();
    gate.resolve();
    await closed;
    expect(recorder.published).toHaveLength(1);
    expect(await left()).toBe(0);
  });

  it('loses nothing when one of two relays is killed between publish and delete; each message has one effect', async () => {
    const kill = () =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'relay-to-kill'`.execute(
        database.kysely,
      );
    let doubled = 0;
    const sizes = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }));
    await fc.assert(
      fc.asyncProperty(sizes, async ([count, batchSize]) => {
        const survivor = new Recorder();
        const victim = new Recorder();
        let killed = false;
        victim.before = async () => {
          if (killed) return;
          killed = true;
          await kill();
        };
        const running = [relay(victim, second, batchSize), relay(survivor, database, batchSize)];
        const added = await Promise.all(Array.from({ length: count }, (_, index) => add(index)));
        await expect.poll(left, { timeout: 5_000, interval: 10 }).toBe(0);
        await Promise.all(running.map((one) => one.close()));

        const published = [...survivor.published, ...victim.published];
        const ids = added.map((message) => message.id).sort();
        doubled += published.length - ids.length;
        expect([...new Set(published.map((message) => message.id))].sort()).toEqual(ids);

        const handle = (message: Message) =>
          database.transaction((trx) =>
            inbox.once(trx, { ...message, group: 'fulfilment', attempt: 1 }, async () => {
              await sql`insert into effect values (${message.id})`.execute(trx);
            }),
          );
        await Promise.all([...published, ...published].map(handle));
        const { rows } = await sql<{ id: string }>`select message_id::text as id from effect`.execute(database.kysely);
        expect(rows.map((row) => row.id).sort()).toEqual(ids);
        await sql`truncate inbox, effect`.execute(database.kysely);
      }),
      { numRuns: 8 },
    );
    expect(doubled).toBeGreaterThan(0);
  });

  it('runs the effect again when the transaction of the first was rolled back', async () => {
    const message = await add('x');
    const delivery = { ...message, group: 'fulfilment', attempt: 1 };
    const failing = database.transaction((trx) =>
      inbox.once(trx, delivery, async () => {
        throw new Error('no stock');
      }),
    );
    await expect(failing).rejects.toThrow('no stock');
    const once = () => database.transaction((trx) => inbox.once(trx, delivery, async () => {}));
    expect(await once()).toBe(true);
    expect(await once()).toBe(false);
  });

  it('forgets handled messages after the retention', async () => {
    await sql`insert into inbox select 'fulfilment', gen_random_uuid(), now() - interval '2 days'
      from generate_series(1, 2500)`.execute(database.kysely);
    await sql`insert into inbox values ('fulfilment', gen_random_uuid())`.execute(database.kysely);
    const cleaner = new InboxCleaner(database, { retentionMs: 86_400_000 });
    expect(await cleaner.clean()).toBe(2_500);
    await cleaner.close();
    expect((await sql`select 1 from inbox`.execute(database.kysely)).rows).toHaveLength(1);
  });
});
