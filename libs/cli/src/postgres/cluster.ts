import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { readLines } from '../platform/lines.ts';
import { type Binaries, binaries } from './binaries.ts';
import { createDatabases } from './databases.ts';
import { endOrphan } from './orphan.ts';
import { commandAs, databaseUser, type OsUser } from './os-user.ts';
import { dataFolder, POSTGRES_USER, postgresPassword } from './password.ts';

const INITDB_MS = 60_000;
const START_MS = 60_000;
const FAST_MS = 8_000;
const IMMEDIATE_MS = 2_000;

export interface ClusterOptions {
  home: string;
  port: number;
  databases: readonly string[];
  onLine(line: string): void;
  onStep(step: string): void;
}

/** One Postgres server of our own: its data, its process, its databases. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #binaries: Binaries = binaries();
  readonly #user: OsUser | undefined = databaseUser();
  readonly #data: string;
  #server: ChildProcess | undefined;
  #lastLine = '';

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#data = dataFolder(options.home);
  }

  /** Creates the data on the first start, ends a server that a killed platform left behind, starts, creates the databases. */
  async start(onDeath: (how: string) => void): Promise<void> {
    const { home, port, databases, onStep } = this.#options;
    const password = postgresPassword(home);
    if (!existsSync(join(this.#data, 'PG_VERSION'))) {
      onStep('its data is created, once');
      await this.#initialise(password);
    }
    await endOrphan(this.#data);
    onStep('the server starts');
    for (const patience = Date.now() + START_MS; ; await sleep(200)) {
      if (await this.#launch()) break;
      // Backends of a server that was killed hold its memory for a moment.
      if (this.#lastLine.includes('shared memory') && Date.now() < patience) continue;
      throw new Failure(`Postgres did not start: ${this.#lastLine}`);
    }
    this.#server?.once('exit', (code, signal) => onDeath(signal ?? `exit code ${code}`));
    await createDatabases({ port, password }, databases);
  }

  /** Fast shutdown: connections are ended, what is committed is written. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.removeAllListeners('exit');
    const exited = once(server, 'exit');
    for (const [signal, patienceMs] of [
      ['SIGINT', FAST_MS],
      ['SIGQUIT', IMMEDIATE_MS],
      ['SIGKILL', IMMEDIATE_MS],
    ] as const) {
      server.kill(signal);
      if (await Promise.race([exited.then(() => true), sleep(patienceMs, false, { ref: false })])) return;
    }
  }

  async #initialise(password: string): Promise<void> {
    const draft = `${this.#data}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    const passwordFile = join(draft, '..', 'initdb.password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (this.#user) for (const path of [draft, passwordFile]) chownSync(path, this.#user.uid, this.#user.gid);
    try {
      const initdb = this.#spawn(this.#binaries.initdb, [
        `--pgdata=${draft}`,
        `--username=${POSTGRES_USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
      ]);
      this.#server = initdb;
      const timer = setTimeout(() => initdb.kill('SIGKILL'), INITDB_MS);
      const [code] = (await once(initdb, 'close')) as [number | null];
      clearTimeout(timer);
      if (code !== 0) throw new Failure(`Postgres could not create its data in ${this.#data}: ${this.#lastLine}`);
    } finally {
      rmSync(passwordFile, { force: true });
    }
    renameSync(draft, this.#data);
  }

  /** True once the server takes connections, false when it ended before. */
  async #launch(): Promise<boolean> {
    this.#lastLine = '';
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 200,
      fsync: 'on',
      wal_level: 'logical',
      max_prepared_transactions: 50,
      log_line_prefix: '',
      lc_messages: 'C',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = this.#spawn(this.#binaries.postgres, ['-D', this.#data, '-p', String(this.#options.port), ...flags]);
    this.#server = server;
    return new Promise((resolve) => {
      const timer = setTimeout(() => server.kill('SIGQUIT'), START_MS);
      const settle = (started: boolean) => {
        clearTimeout(timer);
        resolve(started);
      };
      if (server.stderr)
        readLines(server.stderr, (line) => line.includes('ready to accept connections') && settle(true));
      server.once('close', () => settle(false));
    });
  }

  #spawn(program: string, parameters: string[]): ChildProcess {
    const how = commandAs(this.#user, program, parameters, [program, this.#data]);
    const child = spawn(how.command, how.parameters, {
      ...how.options,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, TZ: process.env.TZ, LC_ALL: 'C' },
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) {
        readLines(stream, (line) => {
          if (/^(FATAL|PANIC|initdb: error|[\w./-]+: error)/.test(line) || this.#lastLine === '') this.#lastLine = line;
          this.#options.onLine(line);
        });
      }
    }
    child.once('error', (error) => {
      this.#lastLine = error.message;
    });
    return child;
  }
}
