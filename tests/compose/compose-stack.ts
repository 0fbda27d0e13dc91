import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '@rookery/servers';
import { stack } from '@rookery/stack';
import { eventually } from '../e2e/client.ts';
import { composeCommand, type DockerEngine, startDocker } from './docker-engine.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMPOSE = join(ROOT, 'deploy/compose');
const PROJECT = 'rookery-test';
const execute = promisify(execFile);

/** No Debian package has these: their services are left out. */
export const LEFT_OUT = ['grafana', 'nacos'];

/** Engines whose images cannot be built here, because their programs are not installed as Debian's packages put them. */
export function missingEngines(): string[] {
  const needed = stack.engines.filter(({ name }) => !LEFT_OUT.includes(name));
  const missing = needed.filter(({ name, native }) =>
    name === 'postgres' ? !existsSync('/usr/lib/postgresql') : !native?.program(),
  );
  return missing.map(({ name }) => name);
}

/** A container of the stack, as Docker describes it. */
export interface Container {
  service: string;
  address: string;
  State: { Status: string; ExitCode: number; OOMKilled: boolean; StartedAt: string; Health?: { Status: string } };
  RestartCount: number;
  Config: { User: string };
  HostConfig: { Memory: number; PidsLimit: number; ReadonlyRootfs: boolean; CapDrop: string[] | null };
}

/** deploy/compose/compose.yaml, brought up from images that are built here; on ports and with secrets of its own. */
export class ComposeStack {
  readonly gatewayUrl: string;
  readonly nginxUrl: string;
  readonly prometheusUrl: string;
  /** What make-env has made for it. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly #engine: DockerEngine;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(engine: DockerEngine, ports: readonly number[]) {
    this.#engine = engine;
    this.#folder = mkdtempSync(join(tmpdir(), 'rookery-compose-'));
    const [gateway, config, nginx, prometheus] = ports.map(String);
    this.gatewayUrl = `http://127.0.0.1:${gateway}`;
    this.nginxUrl = `http://127.0.0.1:${nginx}`;
    this.prometheusUrl = `http://127.0.0.1:${prometheus}`;
    this.secrets = makeSecrets(this.#folder);
    this.#environment = {
      ...process.env,
      ...engine.environment,
      COMPOSE_HTTP_TIMEOUT: '300',
      ROOKERY_VERSION: 'test',
      GATEWAY_PORT: gateway,
      CONFIG_CENTER_PORT: config,
      NGINX_PORT: nginx,
      PROMETHEUS_PORT: prometheus,
      AUTH_ISSUER_URL: `${this.gatewayUrl}/auth`,
    };
  }

  /** Undefined where there is no Docker with compose, or an engine is missing. */
  static async start(): Promise<ComposeStack | undefined> {
    if (missingEngines().length > 0) return undefined;
    const engine = await startDocker();
    if (!engine) return undefined;
    const compose = new ComposeStack(engine, await freePorts(4));
    try {
      // What a run that was killed has left behind.
      await compose.compose(['down', '--volumes', '--remove-orphans', '--timeout', '1']);
      await compose.#timed('images', () => compose.#build());
      await compose.#timed('docker compose up', () => compose.up());
    } catch (error) {
      await compose.stop();
      throw error;
    }
    return compose;
  }

  /** Names of the services that run here. */
  get services(): string[] {
    const all = [...stack.engines, ...stack.apps].map(({ name }) => name);
    return all.filter((name) => !LEFT_OUT.includes(name));
  }

  /** Brings up what is not, with these variables besides; resolves when everything is healthy. */
  async up(variables: Record<string, string> = {}): Promise<void> {
    await this.compose(['up', '--detach', '--no-build', ...this.services], variables);
    await eventually(
      'everything is healthy',
      async () => {
        const states = (await this.containers()).map(({ State }) => State.Health?.Status ?? State.Status);
        return states.every((state) => state === 'healthy' || state === 'exited') ? true : undefined;
      },
      180_000,
      500,
    );
  }

  /** Runs a command of compose on the stack. */
  compose(args: readonly string[], variables: Record<string, string> = {}): Promise<string> {
    const [program = '', ...first] = composeCommand() ?? [];
    const files = ['--file', join(COMPOSE, 'compose.yaml'), '--env-file', join(this.#folder, '.env')];
    return this.#run(program, [...first, ...files, '--project-name', PROJECT, ...args], variables);
  }

  /** The stack's containers, running or not. */
  async containers(): Promise<Container[]> {
    const filter = `label=com.docker.compose.project=${PROJECT}`;
    const ids = await this.#run('docker', ['ps', '--all', '--quiet', '--filter', filter]);
    if (!ids.trim()) return [];
    const found = JSON.parse(await this.#run('docker', ['inspect', ...ids.trim().split('\n')]));
    return found.map((container: Inspected) => ({
      ...container,
      service: container.Config.Labels['com.docker.compose.service'],
      address: Object.values(container.NetworkSettings.Networks)[0]?.IPAddress ?? '',
    }));
  }

  /** Log of a service since its start. */
  logs(service: string): Promise<string> {
    return this.compose(['logs', '--no-color', service]);
  }

  /** Forgets everything but the images. */
  async stop(): Promise<void> {
    try {
      await this.compose(['down', '--volumes', '--remove-orphans', '--timeout', '10']);
      // Those of sources that have changed since; the ones of today make the next run quick.
      await this.#run('docker', ['image', 'prune', '--force', '--filter', 'until=24h']);
    } finally {
      await this.#engine.stop();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #build(): Promise<void> {
    const lines = (await this.#run(join(ROOT, 'deploy/docker/engines/build'), [])).trim().split('\n');
    for (const line of lines) {
      const [, name, image] = /^([A-Z_]+)=(\S+)$/.exec(line) ?? [];
      if (name && image) this.#environment[name] = image;
    }
    await this.#run('sh', [join(ROOT, 'deploy/docker/build')]);
    const { NGINX_BASE = '', DOCKER_BUILD_FLAGS = '' } = this.#environment;
    const flags = DOCKER_BUILD_FLAGS.split(' ').filter(Boolean);
    await this.#run('docker', [
      ...['build', '--quiet', ...flags, '--file', join(ROOT, 'deploy/nginx/Dockerfile')],
      ...['--build-arg', `BASE=${NGINX_BASE}`, '--tag', 'rookery/nginx:test', ROOT],
    ]);
  }

  async #run(program: string, args: string[], variables: Record<string, string> = {}): Promise<string> {
    const running = execute(program, args, {
      cwd: ROOT,
      env: { ...this.#environment, ...variables },
      maxBuffer: 64 << 20,
      timeout: 15 * 60_000,
    });
    // Images are built beside whatever else this machine does.
    if (running.child.pid !== undefined) setPriority(running.child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    try {
      return (await running).stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      const end = `${stdout}\n${stderr}`.trim().split('\n').slice(-25).join('\n');
      throw new Error(`${program} ${args.join(' ')} failed:\n${end}`, { cause: error });
    }
  }

  async #timed(what: string, work: () => Promise<void>): Promise<void> {
    const startedAtMs = Date.now();
    await work();
    console.log(`${what}: ${((Date.now() - startedAtMs) / 1_000).toFixed(0)} s`);
  }
}

/** Runs make-env on a copy: whoever works in this clone may have an .env. */
function makeSecrets(folder: string): Record<string, string> {
  for (const file of ['make-env', 'compose.yaml']) copyFileSync(join(COMPOSE, file), join(folder, file));
  execFileSync('sh', [join(folder, 'make-env')], { stdio: 'pipe' });
  const lines = readFileSync(join(folder, '.env'), 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('=')));
}

interface Inspected extends Omit<Container, 'service' | 'address'> {
  Config: Container['Config'] & { Labels: Record<string, string> };
  NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
}
