import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { variablePrefix } from '../cli.ts';
import type { Engine, World } from '../model.ts';
import { stack, wiring } from '../stack.ts';
import { Engines } from './engines.ts';
import { missingPrograms } from './missing-programs.ts';
import { type Ports, settlePorts } from './ports.ts';
import { Secrets } from './secrets.ts';
import { writeTargets } from './targets.ts';
import { nativeWorld } from './world.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

const USAGE = `npm run stack -- [--fresh] [--only gateway,catalog] [--scale catalog=2] [--logs json|pretty]

Runs Consul, RabbitMQ, Postgres, Redis, nginx and, where installed, Prometheus and Grafana from their programs on this
machine's loopback address, and the apps on them: what deploy/compose/compose.yaml runs in containers. --fresh forgets what the engines have stored;
the other flags are those of npm start. See docs/deploy.md.
`;

/** Runs the stack until it is asked to stop; returns the exit code. */
export async function runStack(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const missing = missingPrograms();
  if (missing.length > 0) {
    for (const { name, native } of missing) console.error(`${name} is not installed: ${native?.install}.`);
    return 2;
  }
  const stopping = new AbortController();
  let engines: Engines | undefined;
  let apps: ChildProcess | undefined;
  let targets: { close(): void } | undefined;
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) {
    process.on(event, () => {
      stopping.abort();
      apps?.kill(event === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    });
  }
  try {
    const home = resolve(ROOT, environment.ROOKERY_HOME || '.rookery/stack');
    mkdirSync(home, { recursive: true });
    // Postgres runs as a user of its own where the command runs as root, and has to pass through.
    chmodSync(home, 0o755);
    const here = stack.engines.filter(({ native }) => native?.program());
    const ports = await settlePorts(stack, here, environment);
    if (args.includes('--fresh')) rmSync(join(home, 'engines'), { recursive: true, force: true });
    const scrapeInterval = environment.SCRAPE_INTERVAL ?? '5s';
    const world = nativeWorld({ home, ports, secrets: new Secrets(home), scrapeInterval, environment });
    const say = teller(args);
    for (const engine of stack.engines) if (engine.native && !here.includes(engine)) sayMissing(engine);
    engines = new Engines(world);
    await engines.start(here, stopping.signal, (engine) => say(engine, world));
    stopping.signal.throwIfAborted();
    if (here.some(({ name }) => name === 'prometheus')) targets = writeTargets(world);

    const appArgs = args.filter((arg) => arg !== '--fresh');
    apps = spawn(process.execPath, [join(ROOT, 'libs/cli/src/main.ts'), 'start', ...appArgs], {
      cwd: ROOT,
      env: { ...environment, ...appEnvironment(world, home, ports) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Ctrl-C in the terminal reaches this process alone, which passes it on once.
      detached: true,
    });
    const { promise: exited, resolve: exit } = Promise.withResolvers<number>();
    apps.once('exit', (code) => exit(code ?? 1));
    const running = apps;
    const crashed = engines.ended.then(async (name) => {
      if (stopping.signal.aborted) return exited;
      console.error(`${name} ended; its log is ${join(home, 'engines', `${name}.log`)}. The stack stops.`);
      running.kill('SIGTERM');
      await exited;
      return 1;
    });
    return await Promise.race([exited, crashed]);
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    stopping.abort();
    targets?.close();
    await engines?.stop();
  }
}

/** What the `rookery` command needs in its environment to give every app the variables of the description. */
function appEnvironment(world: World, home: string, ports: Ports): Record<string, string> {
  const variables: Record<string, string> = { HOST: world.listen, ROOKERY_HOME: home };
  for (const app of stack.apps) {
    const port = ports.get(`${app.name}/main`);
    if (port !== undefined) variables[`${variablePrefix(app.name)}_PORT`] = String(port);
    for (const [name, value] of Object.entries(wiring(app, world))) {
      // The command starts config-center itself, and tells its address.
      if (name === 'CONFIG_URL') continue;
      if (name === 'DATABASE_URL') variables[`${variablePrefix(app.name)}_DATABASE_URL`] = value;
      variables[name] = value;
    }
  }
  return variables;
}

/** On the standard error, so that the lines of `--logs json` stay JSON. */
function sayMissing({ name, native }: Engine): void {
  console.error(`${name} is not installed (${native?.install}); the stack runs without it.`);
}

function teller(args: readonly string[]): (engine: Engine, world: World) => void {
  const json = args.includes('json') || args.includes('--logs=json');
  return ({ name, purpose }, world) => {
    const address = world.at(name);
    if (json) console.log(JSON.stringify({ service: 'stack', event: 'engine ready', engine: name, address }));
    else console.log(`${name.padEnd(14)}${address.padEnd(22)}${purpose}`);
  };
}
