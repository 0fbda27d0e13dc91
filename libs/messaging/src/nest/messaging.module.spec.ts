import { randomUUID } from 'node:crypto';
import { Controller, type INestApplicationContext, Module } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { Database, DatabaseModule } from '@rookery/database';
import { RookeryError, runWithRequest, startTracing } from '@rookery/observability';
import { startPostgres } from '@rookery/servers';
import { type Kysely, sql } from 'kysely';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Inbox,
  inboxMigration,
  Messaging,
  MessagingClient,
  MessagingContext,
  MessagingErrorFilter,
  MessagingModule,
  MessagingServer,
  Outbox,
  outboxMigration,
} from '../index.ts';

const seen: unknown[] = [];

@Controller()
class OrderEvents {
  constructor(
    private readonly database: Database,
    private readonly inbox: Inbox,
  ) {}

  @EventPattern<string>('order.placed')
  async placed(@Payload() order: { id: string }, @Ctx() context: MessagingContext) {
    const { delivery } = context;
    await this.database.transaction(async (trx) => {
      await this.inbox.once(trx, delivery, async () => {
        await sql`insert into effect (order_id) values (${order.id})`.execute(trx);
      });
    });
    seen.push(['placed', order.id, delivery.attempt, delivery.group]);
  }

  @EventPattern<string>('order.placed')
  audited(@Payload() order: { id: string }) {
    seen.push(['audited', order.id]);
  }

  @EventPattern<string>('order.poisoned')
  poisoned() {
    throw new RookeryError('NO_STOCK', 'There is no stock.');
  }

  @MessagePattern('price.ask')
  price(@Payload() { film }: { film: string }) {
    if (film === 'unknown') throw new RookeryError('NO_FILM', 'There is no such film.', { status: 404 });
    if (film === 'broken') throw new Error('secret of the inside');
    return { film, cents: 1_200 };
  }
}

const createEffect = {
  up: (db: Kysely<unknown>) => sql`create table effect (order_id text)`.execute(db).then(() => {}),
};

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('messaging in a Nest app', () => {
  let app: INestApplicationContext;
  const get = <T>(token: abstract new (...args: never[]) => T): T => app.get(token as never);

  beforeAll(async () => {
    startTracing();
    const url = (await postgres?.createDatabase('nest')) ?? '';
    const migrations = { '001-outbox': outboxMigration, '002-inbox': inboxMigration, '003-effect': createEffect };
    @Module({
      imports: [
        DatabaseModule.forRoot({ url, migrations }),
        MessagingModule.forRoot({ url, outbox: true, inbox: true, maxAttempts: 2, retryDelayMs: 20 }),
      ],
      controllers: [OrderEvents],
    })
    class App {}
    const testing = await Test.createTestingModule({ imports: [App] }).compile();
    const created = testing.createNestApplication();
    created.useGlobalFilters(new MessagingErrorFilter());
    const server = created.get(MessagingServer);
    server.useGroup('fulfilment');
    created.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
    await created.startAllMicroservices();
    await created.init();
    app = created;
  });
  afterAll(() => app?.close());

  const effects = async (id: string) =>
    (await sql`select 1 from effect where order_id = ${id}`.execute(get(Database).kysely)).rows.length;

  it('hands an event of the outbox to every @EventPattern handler, with its delivery', async () => {
    seen.length = 0;
    const outbox = get(Outbox);
    await get(Database).transaction((trx) => outbox.add(trx, { topic: 'order.placed', payload: { id: 'a' } }));
    await expect
      .poll(() => seen)
      .toEqual(
        expect.arrayContaining([
          ['audited', 'a'],
          ['placed', 'a', 1, 'fulfilment'],
        ]),
      );
    expect(seen).toHaveLength(2);
    expect(await effects('a')).toBe(1);
  });

  it('publishes nothing of a transaction that is rolled back', async () => {
    const outbox = get(Outbox);
    const failing = get(Database).transaction(async (trx) => {
      await outbox.add(trx, { topic: 'order.placed', payload: { id: 'undone' } });
      throw new Error('changed its mind');
    });
    await expect(failing).rejects.toThrow('changed its mind');
    await get(Database).transaction((trx) => outbox.add(trx, { topic: 'order.placed', payload: { id: 'next' } }));
    await expect.poll(() => effects('next')).toBe(1);
    expect(await effects('undone')).toBe(0);
  });

  it('has one effect of a message that is delivered twice', async () => {
    seen.length = 0;
    const message = { id: randomUUID(), topic: 'order.placed', payload: { id: 'b' }, headers: {}, occurredAtMs: 0 };
    await get(Messaging).publish([message, message]);
    await expect.poll(() => seen.filter((entry) => (entry as string[])[0] === 'placed')).toHaveLength(2);
    expect(await effects('b')).toBe(1);
  });

  it('emits through Nest’s client, and dead-letters what a handler refuses with what it said', async () => {
    await firstValueFrom(get(MessagingClient).emit('order.poisoned', { id: 'c' }), { defaultValue: undefined });
    const reasons = async () => (await get(Messaging).deadLetters('fulfilment')).map((letter) => letter.reason);
    await expect.poll(reasons).toEqual(['RookeryError: There is no stock.']);
  });

  it('answers a request, and its errors with code and status but nothing of the inside', async () => {
    const ask = (film: string) => firstValueFrom(get(MessagingClient).send('price.ask', { film }));
    expect(await ask('Alien')).toEqual({ film: 'Alien', cents: 1_200 });
    await expect(ask('unknown')).rejects.toMatchObject({
      code: 'NO_FILM',
      status: 404,
      message: 'There is no such film.',
    });
    await expect(ask('broken')).rejects.toMatchObject({ code: 'INTERNAL', status: 500 });
    await expect(ask('broken')).rejects.not.toThrow(/secret/);
    const many = Array.from({ length: 50 }, (_, index) => `film-${index}`);
    expect(await Promise.all(many.map(ask))).toEqual(many.map((film) => ({ film, cents: 1_200 })));
  });

  it('stops waiting for a reply at the deadline of the request', async () => {
    const asking = runWithRequest({ deadlineAtMs: Date.now() + 200 }, () =>
      firstValueFrom(get(MessagingClient).send('nobody.answers', {})),
    );
    await expect(asking).rejects.toMatchObject({ code: 'MESSAGING_NO_REPLY', status: 504 });
  });
});
