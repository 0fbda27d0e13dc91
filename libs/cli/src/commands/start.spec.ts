import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isAlive } from '../home/process-identity.ts';
import { type InstanceState, readSecrets, readState } from '../home/state-file.ts';
import { postmasterPid } from '../postgres/orphan.ts';
import { dataFolder } from '../postgres/password.ts';
import { type FixtureWorkspace, fixtureWorkspace } from '../testing/fixture-workspace.ts';
import { RunningCli, temporaryHome } from '../testing/running-cli.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const ANY_PORT = { REGISTRY_PORT: '0', FRONT_PORT: '0', POSTGRES_PORT: '0' };
const WITHIN_MS = 20_000;

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let workspace: FixtureWorkspace;
let home: string;
const running: RunningCli[] = [];

beforeAll(() => {
  workspace = fixtureWorkspace(join(import.meta.dirname, '../../../../node_modules'));
  home = temporaryHome();
});
afterEach(async () => {
  for (const cli of running.splice(0).reverse()) await cli.dispose();
});
afterAll(() => {
  workspace.remove();
  rmSync(home, { recursive: true, force: true });
});

function rookery(parameters: string[], environment: NodeJS.ProcessEnv = {}): RunningCli {
  const cli = new RunningCli({
    main: MAIN,
    root: workspace.root,
    parameters,
    home,
    environment: { ...ANY_PORT, ...environment },
  });
  running.push(cli);
  return cli;
}

const start = (...flags: string[]) => rookery(['start', '--logs', 'json', ...flags]);
const services = () => readState(home)?.services ?? [];
const one = (name: string, index = 1) =>
  services().find((service) => service.name === name && service.index === index) as InstanceState;
const facts = async (url: string | undefined) =>
  (await (await fetch(`${url}/env`)).json()) as { pid: number; version: number; env: Record<string, string> };
const becomes = (cli: RunningCli, name: string, state: string) => {
  const from = cli.entries.length;
  return cli.waitFor(
    (entry) =>
      cli.entries.indexOf(entry) >= from && entry.event === 'progress' && entry.name === name && entry.state === state,
    WITHIN_MS,
    `${name} ${state}`,
  );
};

describe('rookery start', () => {
  test('starts every app and a real Postgres, tells each where the others are, and leaves nothing after Ctrl-C', async () => {
    const cli = start();
    const { services: table } = (await cli.ready()) as unknown as { services: InstanceState[] };
    expect(table.map(({ name, state }) => [name, state])).toEqual([
      ['postgres', 'ready'],
      ['registry', 'ready'],
      ['front', 'ready'],
      ['store', 'ready'],
    ]);
    expect(readState(home)).toMatchObject({ phase: 'ready', pid: cli.pid });
    const { env } = await facts(one('store').urls.http);
    expect(env.DISCOVERY_URL).toBe(one('registry').urls.http?.replace('http:', 'consul:'));
    expect(env.DATABASE_URL).toMatch(/\/store$/);

    expect(readFileSync(join(home, 'platform.json'), 'utf8')).not.toMatch(/password|postgres:\/\//);
    expect(statSync(join(home, 'platform-secrets.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'postgres.password')).mode & 0o777).toBe(0o600);

    const ports = services().flatMap(({ urls }) =>
      Object.values(urls).map((url) => Number(/:(\d+)$/.exec(url ?? '')?.[1])),
    );
    cli.signal('SIGINT');
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    await cli.gone(0);
    for (const file of ['platform.json', 'platform-secrets.json', 'lock'])
      expect(existsSync(join(home, file))).toBe(false);
    for (const port of ports) {
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    }
  });

  test('keeps the data over a restart, and --fresh wipes it', async () => {
    const starts = async () => {
      const client = new pg.Client(readSecrets(home).STORE_DATABASE_URL);
      await client.connect();
      const { rows } = await client.query('SELECT count(*)::int AS count FROM starts');
      await client.end();
      return rows[0].count as number;
    };
    const first = start('--only', 'store');
    await first.ready();
    const before = await starts();
    await first.dispose();
    const second = start('--only', 'store');
    await second.ready();
    expect(await starts()).toBe(before + 1);
    await second.dispose();
    await start('--only', 'store', '--fresh').ready();
    expect(await starts()).toBe(1);
  });

  test('--only starts what is named and what that needs; --scale several of one', async () => {
    await start('--only', 'front', '--scale', 'front=3').ready();
    expect(services().map(({ name, index }) => `${name} ${index}`)).toEqual([
      'registry 1',
      'front 1',
      'front 2',
      'front 3',
    ]);
    const urls = services().map(({ urls }) => urls.http);
    expect(new Set(urls).size).toBe(4);
    const ids = await Promise.all(urls.map(async (url) => (await facts(url)).env.INSTANCE_ID));
    expect(new Set(ids).size).toBe(4);
  });

  test('starts a crashed app again, says so, and goes slower each time', async () => {
    const cli = start('--only', 'front');
    await cli.ready();
    const { pid: before, urls } = one('front');
    for (const delay of ['0.2', '0.4']) {
      const again = becomes(cli, 'front', 'ready');
      await fetch(`${urls.http}/crash`).catch(() => {});
      await cli.waitFor(
        ({ event, text }) =>
          event === 'notice' &&
          text === `front crashed (exit code 7): Error: asked to crash; it starts again in ${delay} s`,
        WITHIN_MS,
      );
      await again;
    }
    await expect.poll(() => one('front')).toMatchObject({ restarts: 2, state: 'ready' });
    expect(one('front').pid).not.toBe(before);
    const again = becomes(cli, 'front', 'ready');
    process.kill(one('front').pid ?? -1, 'SIGKILL');
    await cli.waitFor(
      ({ event, text }) => event === 'notice' && /^front crashed \(SIGKILL\).*0\.8 s$/.test(String(text)),
      WITHIN_MS,
    );
    await again;
  });

  test('starts a killed Postgres again; committed data is there', async () => {
    const cli = start('--only', 'store');
    await cli.ready();
    const again = becomes(cli, 'postgres', 'ready');
    const before = postmasterPid(dataFolder(home)) ?? -1;
    process.kill(before, 'SIGKILL');
    await cli.waitFor(
      ({ event, text }) =>
        event === 'notice' && /^postgres crashed .*ended from outside \(SIGKILL\).*starts again/.test(String(text)),
      WITHIN_MS,
    );
    await again;
    expect(postmasterPid(dataFolder(home))).not.toBe(before);
    const client = new pg.Client(readSecrets(home).STORE_DATABASE_URL);
    await client.connect();
    expect((await client.query('SELECT * FROM starts')).rowCount).toBeGreaterThan(0);
    await client.end();
  });

  test('kill -9 of the command leaves no process, and the next start recovers', async () => {
    const cli = start();
    await cli.ready();
    cli.signal('SIGKILL');
    await cli.exited;
    await cli.gone(WITHIN_MS);
    expect(existsSync(join(home, 'lock'))).toBe(true);
    await start().ready();
  });

  test('a Postgres that was orphaned with its data is ended first', async () => {
    const cli = start('--only', 'store');
    await cli.ready();
    const orphan = postmasterPid(dataFolder(home)) ?? -1;
    const again = becomes(cli, 'postgres', 'ready');
    process.kill(one('postgres').pid ?? -1, 'SIGKILL');
    await again;
    expect(isAlive(orphan)).toBe(false);
  });

  test('SIGHUP of a closed terminal and SIGTERM stop it as Ctrl-C does', async () => {
    for (const signal of ['SIGHUP', 'SIGTERM'] as const) {
      const cli = start('--only', 'front');
      await cli.ready();
      cli.signal(signal);
      expect((await cli.exited).code).toBe(0);
      await cli.gone(0);
    }
  });

  test('Ctrl-C in the middle of the start leaves nothing', async () => {
    const cli = start();
    await cli.waitFor(({ event }) => event === 'progress', WITHIN_MS);
    cli.signal('SIGINT');
    expect((await cli.exited).code).toBe(0);
    await cli.gone(0);
  });

  test('services can be stopped, started and restarted one by one', async () => {
    const cli = start('--only', 'front');
    await cli.ready();
    const before = one('front').pid;
    expect((await rookery(['service', 'stop', 'front']).exited).code).toBe(0);
    await expect.poll(() => one('front').state).toBe('stopped');
    expect((await rookery(['service', 'start', 'front']).exited).code).toBe(0);
    expect(cli.entries.findLast(({ event, name }) => event === 'progress' && name === 'front')?.state).toBe('ready');
    await expect.poll(() => one('front').pid).not.toBe(before);
    const wrong = rookery(['service', 'restart', 'nope']);
    expect((await wrong.exited).code).toBe(1);
    expect(wrong.stderr).toEqual([expect.stringContaining('"nope" does not run here. These do: registry, front.')]);
  });

  test('a service that ends while it starts is not reported as started', async () => {
    const cli = start('--only', 'front');
    await cli.ready();
    writeFileSync(join(dirname(workspace.source('front')), '../dist/main.js'), 'process.exit(3);');
    const restart = rookery(['service', 'restart', 'front']);
    expect((await restart.exited).code).toBe(1);
    expect(restart.stderr).toEqual(['front did not become ready; the terminal of the platform says why.']);
    rmSync(join(dirname(workspace.source('front')), '../dist'), { recursive: true });
  });

  test('a second start in the same folder says so in one sentence', async () => {
    const cli = start('--only', 'front');
    await cli.ready();
    const second = start('--only', 'front');
    expect((await second.exited).code).toBe(1);
    expect(second.stderr).toEqual([
      `The platform already runs here (process ${cli.pid}, ${home}); stop it, or set ROOKERY_HOME for a second one.`,
    ]);
  });

  test('a taken port is one sentence, and nothing is started', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const cli = rookery(['start'], { FRONT_PORT: String(port) });
    expect((await cli.exited).code).toBe(1);
    expect(cli.stderr).toEqual([
      `Port ${port} of front is taken by another program; stop that, or set FRONT_PORT to another port (0 for any free one).`,
    ]);
    server.close();
  });

  test('an app that fails at its start is named with its error; everything else is stopped', async () => {
    const source = readFileSync(workspace.source('front'), 'utf8');
    writeFileSync(workspace.source('front'), "throw new TypeError('no good');");
    const broken = start('--only', 'front');
    expect((await broken.exited).code).toBe(1);
    expect(broken.stderr).toEqual(['front did not start (exit code 1): TypeError: no good']);
    await broken.gone(0);
    writeFileSync(workspace.source('front'), source);
  });

  test.each([
    [['start', '--only', 'nope'], /^--only names "nope", which is no app\. The apps are front, registry, store\.$/],
    [['start', '--scale', 'front=zero'], /^--scale "front=zero" is not NAME=INSTANCES/],
    [['start', '--logs', 'xml'], /neither json nor pretty/],
    [['start', '--nonsense'], /unknown option '--nonsense'/],
    [['nonsense'], /unknown command 'nonsense'/],
  ])('%o is one sentence and exit code 2', async (parameters, sentence) => {
    const cli = rookery(parameters);
    expect((await cli.exited).code).toBe(2);
    expect(cli.stderr).toEqual([expect.stringMatching(sentence)]);
  });

  test('without a platform, its tools say how to start one', () => {
    for (const parameters of [['status'], ['dlq', 'list', 'front'], ['service', 'stop', 'front']]) {
      const { status, stderr } = spawnSync(process.execPath, [MAIN, ...parameters], {
        cwd: workspace.root,
        env: { PATH: process.env.PATH, ROOKERY_HOME: home },
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([1, expect.stringMatching(/^No platform runs in .* npm start.*\n$/)]);
    }
  });
});

describe('rookery dev', () => {
  const dev = (...flags: string[]) => rookery(['dev', '--logs', 'json', ...flags]);
  const watching = (cli: RunningCli) => cli.waitFor(({ text }) => text === 'watching for changes', 60_000);
  const edit = (app: string, change: (source: string) => string) =>
    writeFileSync(workspace.source(app), change(readFileSync(workspace.source(app), 'utf8')));

  test('a changed file is in force within 3 s; a build error leaves the old process running', async () => {
    const cli = dev('--only', 'front');
    await watching(cli);
    const url = one('front').urls.http;
    const registry = one('registry').pid;

    const editedAtMs = Date.now();
    edit('front', (source) => source.replace('VERSION: number = 1', 'VERSION: number = 2'));
    await expect
      .poll(async () => (await facts(url).catch(() => undefined))?.version, { timeout: 5_000, interval: 20 })
      .toBe(2);
    expect(Date.now() - editedAtMs).toBeLessThan(3_000);
    expect(one('registry').pid).toBe(registry);

    const { pid } = await facts(url);
    edit('front', (source) => `${source}\nconst = ;`);
    await cli.waitFor(({ text }) => /^Build error; .*apps\/front\/src\/main\.ts/s.test(String(text)), WITHIN_MS);
    expect((await facts(url)).pid).toBe(pid);

    edit('front', (source) => source.replace('\nconst = ;', '').replace('VERSION: number = 2', 'VERSION: number = 3'));
    await expect
      .poll(async () => (await facts(url).catch(() => undefined))?.version, { timeout: 5_000, interval: 20 })
      .toBe(3);
  });

  test('a changed library restarts the apps that import it, and no other', async () => {
    const cli = dev('--only', 'front');
    await watching(cli);
    writeFileSync(join(workspace.root, 'libs', 'shared', 'src', 'index.ts'), 'export const shared: number = 2;\n');
    await cli.waitFor(({ text }) => text === 'libs/shared/src/index.ts changed; restarting front', WITHIN_MS);
    await cli.waitFor(({ text }) => /^front is ready again after/.test(String(text)), WITHIN_MS);
    expect(one('registry').restarts).toBe(0);
  });
});
