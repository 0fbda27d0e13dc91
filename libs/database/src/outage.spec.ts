import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { freePorts, startOwnPostgres } from '@rookery/servers';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase, PgListener } from './index.ts';

const postgres = await startOwnPostgres();
afterAll(() => postgres?.stop());

describe('a database that is away', () => {
  it('stops the start within its deadline, in one sentence that names DATABASE_URL', async () => {
    const [port] = await freePorts(1);
    const reasons: string[] = [];
    const opening = openDatabase({
      url: `postgres://rookery:secret@127.0.0.1:${port}/orders`,
      waitMs: 400,
      onWaiting: (_, reason) => reasons.push(reason),
    });
    await expect(opening).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: `The database at 127.0.0.1:${port}/orders (DATABASE_URL) did not answer within 0.4 s: connect ECONNREFUSED 127.0.0.1:${port}.`,
    });
    expect(reasons).toContain(`connect ECONNREFUSED 127.0.0.1:${port}`);
  });
});

describe.skipIf(!postgres)('a Postgres that is killed and comes back', () => {
  it('is waited for at start', async () => {
    await postgres?.kill();
    const waited = Promise.withResolvers<string>();
    const opening = openDatabase({ url: postgres?.url ?? '', onWaiting: (what) => waited.resolve(what) });
    expect(await waited.promise).toBe('database');
    await postgres?.start();
    const database = await opening;
    await database.ping();
    await database.close();
  });

  it('is waited for while its database is still being created', async () => {
    const url = new URL(postgres?.url ?? '');
    url.pathname = '/created_late';
    const waited = Promise.withResolvers<string>();
    const opening = openDatabase({ url: url.href, onWaiting: (_, reason) => waited.resolve(reason) });
    expect(await waited.promise).toBe('database "created_late" does not exist');
    const maker = await openDatabase({ url: postgres?.url ?? '' });
    await sql`create database created_late`.execute(maker.kysely);
    await maker.close();
    await (await opening).close();
  });

  it('fails requests with a retryable error in the meantime, and serves again by itself', async () => {
    const database = await openDatabase({ url: postgres?.url ?? '' });
    const wakes: (string | undefined)[] = [];
    const listener = new PgListener(database.url, 'films', (payload) => wakes.push(payload));
    await expect.poll(() => wakes.length).toBe(1);
    await postgres?.kill();
    await expect(database.ping()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', status: 503 });
    await expect(database.ping()).rejects.toHaveProperty('retryAfterMs', 1_000);
    await postgres?.start();
    await expect.poll(() => database.ping().then(() => 'well', String)).toBe('well');
    await expect.poll(() => wakes.length, { timeout: 5_000 }).toBe(2);
    await database.kysely.executeQuery({ sql: `notify films, 'new'`, parameters: [] } as never);
    await expect.poll(() => wakes.at(-1)).toBe('new');
    await listener.close();
    await database.close();
  });
});

describe.skipIf(!postgres)('a connection that is half open: packets vanish, nobody says goodbye', () => {
  it('is noticed by its heartbeat, and notifications arrive again', async () => {
    const target = new URL(postgres?.url ?? '');
    const proxy = await silentProxy(Number(target.port));
    target.port = String(proxy.port);
    const wakes: (string | undefined)[] = [];
    const listener = new PgListener(target, 'films', (payload) => wakes.push(payload), {
      heartbeatMs: 50,
      timeoutMs: 200,
    });
    await expect.poll(() => wakes.length).toBe(1);
    proxy.silence();
    await expect.poll(() => wakes.length, { timeout: 5_000 }).toBe(2);
    expect(listener.connected).toBe(true);
    const startedAtMs = Date.now();
    proxy.silence();
    await listener.close();
    expect(Date.now() - startedAtMs).toBeLessThan(2_000);
    await proxy.close();
  });
});

/** Passes bytes on until told to swallow those of the connections that are open then. */
async function silentProxy(target: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port: target, host: '127.0.0.1' });
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
