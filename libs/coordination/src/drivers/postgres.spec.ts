import { forkSource, startOwnPostgres } from '@rookery/servers';
import { Client } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { createCoordination } from '../create-coordination.ts';
import { type ClientOptions, coordinationContract, type Engine } from '../testing/contract.ts';

const postgres = await startOwnPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('with a real Postgres', () => {
  coordinationContract('Postgres', {
    fork: forkSource,
    cannot: ['tls'],
    async start(): Promise<Engine> {
      if (!postgres) throw new Error('no Postgres');
      const { hostname: host, port } = new URL(postgres.url);
      const address = { host, port: Number(port) };
      const url = ({ at = address, namespace = 'suite' }: ClientOptions = {}, password?: string) => {
        const own = new URL(postgres.url);
        own.hostname = at.host;
        own.port = String(at.port);
        own.searchParams.set('namespace', namespace);
        if (password) own.password = password;
        return own.href;
      };
      return {
        ...{ address, url: (options) => url(options), kill: postgres.kill, start: postgres.start },
        credentials: { right: url(), wrong: url({}, 'swordfish'), secret: 'swordfish' },
        async waiting() {
          const client = new Client({ connectionString: postgres.url });
          await client.connect();
          const text = "select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted";
          const { rows } = await client.query<{ count: number }>(text);
          await client.end();
          return rows[0]?.count ?? 0;
        },
        stop: async () => {},
      };
    },
  });

  it('holds and waits for at most 20 locks in a process', async () => {
    const client = await createCoordination(postgres?.url);
    await Promise.all(Array.from({ length: 20 }, (_, at) => client.acquire(`many/${at}`)));
    await expect(client.acquire('many/20')).rejects.toMatchObject({ code: 'COORDINATION_TOO_MANY_LOCKS', status: 503 });
    await client.close();
  });
});
