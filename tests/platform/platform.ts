import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  dataFolder,
  type InstanceState,
  isAlive,
  postmasterPid,
  readSecrets,
  readState,
  sendControl,
  variablePrefix,
} from '@rookery/cli';
import { type CliEntry, RunningCli, temporaryHome } from '@rookery/cli/testing';
import { createMessaging, type Messaging } from '@rookery/messaging';
import type { QueryResultRow } from 'pg';
import { type HeldTable, holdTable, withClient } from './tables.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TRANSCRIPT = 'transcript.jsonl';
const READY_MS = 120_000;
const WAIT_MS = 60_000;
const POLL_MS = 25;

export interface PlatformOptions {
  /** Apps to start with what they need; all when not given. */
  only?: readonly string[];
  /** Instances by app. */
  scale?: Readonly<Record<string, number>>;
  env?: NodeJS.ProcessEnv;
  /** The workspace, where it is not this one. */
  root?: string;
}

/** A platform that runs, seen from a suite: where it is, what it does, and ways to hurt it. */
export class Platform {
  /** Its ROOKERY_HOME. */
  readonly home: string;
  readonly gatewayUrl: string;
  readonly #engines: Messaging[] = [];

  constructor(home: string) {
    this.home = home;
    this.gatewayUrl = readState(home)?.variables.GATEWAY_URL ?? '';
  }

  /** Each instance as the platform itself sees it now. */
  get services(): readonly InstanceState[] {
    return readState(this.home)?.services ?? [];
  }

  /** HTTP addresses of an app's instances that are ready. */
  urls(app: string): string[] {
    return this.#of(app).flatMap(({ state, urls }) => (state === 'ready' && urls.http ? [urls.http] : []));
  }

  /** Process ids of an app's instances that run; of `postgres` the database server's own. */
  pids(app: string): number[] {
    if (app === 'postgres') return [postmasterPid(dataFolder(this.home)) ?? []].flat().filter(isAlive);
    return this.#of(app).flatMap(({ pid }) => (pid !== undefined && isAlive(pid) ? [pid] : []));
  }

  /** Sends a signal to one process of an app, its first where none is given; after SIGKILL waits until it is gone. */
  async kill(app: string, pid = this.pids(app)[0], signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (pid === undefined) throw new Error(`${app} has no process to kill`);
    process.kill(pid, signal);
    if (signal === 'SIGKILL') await this.#until(`${app} (${pid}) is gone`, () => !isAlive(pid));
  }

  /** kill -9 of the database server; the platform notices, and starts it again. */
  async killPostgres(): Promise<void> {
    const keeper = this.#of('postgres')[0]?.pid;
    await this.kill('postgres');
    await this.#until('the platform has noticed', () => keeper === undefined || !isAlive(keeper));
  }

  /** Resolves once at least so many instances of an app run and are ready. */
  instances(app: string, count: number): Promise<void> {
    return this.#until(`${count} instances of ${app} are ready`, () => this.#ready(app) >= count);
  }

  /** Stops every instance of an app until {@link resume}. */
  suspend(app: string): Promise<void> {
    return sendControl(this.home, 'stop', app);
  }

  /** Starts the instances of a suspended app, and waits until they are ready. */
  async resume(app: string): Promise<void> {
    await sendControl(this.home, 'start', app);
    await this.instances(app, this.#of(app).length);
  }

  /** Stops and starts every instance of an app in an orderly way, and waits until they are ready. */
  async restart(app: string): Promise<void> {
    const before = new Set(this.pids(app));
    await sendControl(this.home, 'restart', app);
    await this.#until(`${app} has new processes`, () => this.pids(app).every((pid) => !before.has(pid)));
    await this.instances(app, this.#of(app).length);
  }

  /** The URL of an app's database, or of the engine's own when asked for `messaging`. */
  databaseUrl(app: string): string {
    const variable = app === 'messaging' ? 'MESSAGING_URL' : `${variablePrefix(app)}_DATABASE_URL`;
    const url = readSecrets(this.home)[variable];
    if (!url) throw new Error(`The platform gives ${app} no database`);
    return url;
  }

  /** The rows of a query in the database of an app. */
  async query<Row extends QueryResultRow>(app: string, sql: string, values: unknown[] = []): Promise<Row[]> {
    return withClient(this.databaseUrl(app), async (client) => (await client.query<Row>(sql, values)).rows);
  }

  /** Holds a table in the database of an app, so that everything that needs it waits. */
  lockTable(app: string, table: string): Promise<HeldTable> {
    return holdTable(this.databaseUrl(app), table);
  }

  /** The messaging engine that the services use; closed by {@link release}. Its methods may be taken out of it. */
  async messaging(): Promise<Pick<Messaging, 'publish' | 'deadLetters' | 'replay'>> {
    const engine = await createMessaging(this.databaseUrl('messaging'));
    this.#engines.push(engine);
    return {
      publish: (messages) => engine.publish(messages),
      deadLetters: (group, limit) => engine.deadLetters(group, limit),
      replay: (group, ids) => engine.replay(group, ids),
    };
  }

  /** What an app has logged; what the platform itself says stands under `rookery`. */
  logs(app: string): CliEntry[] {
    const file = join(this.home, TRANSCRIPT);
    if (!existsSync(file)) return [];
    const entries = readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as CliEntry] : []));
    return entries.filter(({ service }) => service === app);
  }

  /** Closes what this object has opened; the platform runs on. */
  async release(): Promise<void> {
    await Promise.all(this.#engines.splice(0).map((engine) => engine.close()));
  }

  #of(app: string): InstanceState[] {
    return this.services.filter(({ name }) => name === app);
  }

  #ready(app: string): number {
    return this.#of(app).filter(({ state, pid }) => state === 'ready' && pid !== undefined && isAlive(pid)).length;
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    for (const deadline = Date.now() + WAIT_MS; !condition(); await pause(POLL_MS)) {
      if (Date.now() > deadline) {
        throw new Error(`Not within ${WAIT_MS / 1_000} s: ${what}.\n${JSON.stringify(this.services, null, 1)}`);
      }
    }
  }
}

/** A platform of one's own, which ends with {@link StartedPlatform.stop}. */
export class StartedPlatform extends Platform {
  readonly #cli: RunningCli;

  constructor(cli: RunningCli) {
    super(cli.home);
    this.#cli = cli;
  }

  /** The process of the command itself. */
  get pid(): number {
    return this.#cli.pid;
  }

  /** Stops everything; throws when a process is left. */
  async stop(): Promise<void> {
    await this.release();
    await this.#cli.dispose();
  }
}

/** Starts the real command in a state folder and on ports of its own; resolves when every service is ready. */
export async function startPlatform({ only, scale, env, root = ROOT }: PlatformOptions = {}): Promise<StartedPlatform> {
  const home = temporaryHome();
  const scales = Object.entries(scale ?? {}).map(([app, count]) => `${app}=${count}`);
  const cli = new RunningCli({
    main: join(root, 'libs/cli/src/main.ts'),
    root,
    parameters: [
      ...['start', '--logs', 'json'],
      ...(only ? ['--only', only.join(',')] : []),
      ...(scales.length > 0 ? ['--scale', scales.join(',')] : []),
    ],
    home,
    removeHome: true,
    transcript: join(home, TRANSCRIPT),
    environment: { GATEWAY_PORT: '0', REGISTRY_PORT: '0', CONFIG_CENTER_PORT: '0', POSTGRES_PORT: '0', ...env },
  });
  try {
    await cli.ready(READY_MS);
    return new StartedPlatform(cli);
  } catch (error) {
    await cli.dispose();
    throw error;
  }
}
