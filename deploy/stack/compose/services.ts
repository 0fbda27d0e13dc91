import type { Engine, StackApp } from '../model.ts';
import { databases, stack, wiring } from '../stack.ts';
import { composeWorld, engineNamed, or } from './world.ts';

/** Published ports are open on this host alone, unless the variable says otherwise. */
const BIND = or('ROOKERY_BIND', '127.0.0.1');
const VERSION = or('ROOKERY_VERSION', 'latest');
const POLL = { interval: '5s', timeout: '5s', retries: 24 };
const HARDENED = { cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
const READ_ONLY = { read_only: true, tmpfs: ['/tmp'] };

/** Every service of the compose file, by name. */
export const services = (): Record<string, object> => ({
  ...Object.fromEntries(stack.engines.map((engine) => [engine.name, engineService(engine)])),
  databases: databasesJob(),
  ...Object.fromEntries(stack.apps.map((app) => [app.name, appService(app)])),
});

/** Names of the volumes that they use. */
export const volumes = (): string[] => [
  ...stack.engines.filter(({ container }) => container.volume).map(({ name }) => name),
  ...stack.apps.flatMap(({ writes }) => writes ?? []),
];

function engineService({ name, purpose, needs, container }: Engine): object {
  const { image, build, profile, hostname, user, readOnly, stop, command, environment, health, published } = container;
  const mounted = [
    ...(container.volume ? [`${name}:${container.volume}`] : []),
    ...Object.entries(container.mounts ?? {}).map(([inside, outside]) => `${outside}:${inside}:ro`),
    ...(container.reads ?? []).map((folder) => `${folder}:${composeWorld.shared(folder)}:ro`),
  ];
  return {
    image: build ? `${image}:${VERSION}` : or(`${variable(name)}_IMAGE`, image),
    ...(build && { build: { context: '../..', ...build(composeWorld) } }),
    ...(profile && { profiles: [profile] }),
    ...(hostname && { hostname }),
    ...(user && { user }),
    restart: 'unless-stopped',
    ...(readOnly && { ...READ_ONLY, ...HARDENED }),
    ...(stop && { stop_signal: stop }),
    stop_grace_period: '30s',
    ...limits(name, container.memory),
    labels: { 'rookery.purpose': purpose },
    ...(environment && { environment: environment(composeWorld) }),
    ...(command && { command: command(composeWorld) }),
    ...(mounted.length > 0 && { volumes: mounted }),
    ...(published && { ports: [publish(published.variable, published.port, published.port)] }),
    ...(needs && { depends_on: dependsOn(needs) }),
    healthcheck: { test: health, ...POLL, start_period: '10s' },
  };
}

/** Creates the databases that are not there yet, also in a volume of an older release, and ends. */
function databasesJob(): object {
  const postgres = engineNamed('postgres');
  const statements = databases.map(
    (name) =>
      `select 'create database "${name}"' where not exists (select from pg_database where datname = '${name}') \\gexec\n`,
  );
  return {
    image: or('POSTGRES_IMAGE', postgres?.container.image ?? ''),
    restart: 'on-failure',
    mem_limit: '128m',
    environment: { DATABASE_URL: postgres?.provides?.url(composeWorld, 'postgres') ?? '', SQL: statements.join('') },
    entrypoint: ['sh', '-c', 'printf %s "$$SQL" | psql --set=ON_ERROR_STOP=1 "$$DATABASE_URL"'],
    command: [],
    depends_on: dependsOn(['postgres']),
  };
}

function appService(app: StackApp): object {
  const { name, port, grpcPort, needs, published, writes } = app;
  const waitsFor = dependsOn(needs);
  if (needs.includes('postgres')) waitsFor.databases = { condition: 'service_completed_successfully' };
  return {
    image: `rookery/${name}:${VERSION}`,
    build: {
      context: '../..',
      dockerfile: 'deploy/docker/Dockerfile',
      args: { APP: name, BASE: or('BASE', 'node:24-bookworm-slim') },
    },
    restart: 'unless-stopped',
    ...READ_ONLY,
    ...HARDENED,
    stop_grace_period: '15s',
    ...limits('APP', '512m'),
    environment: {
      PORT: String(port),
      ...(grpcPort && { GRPC_PORT: String(grpcPort) }),
      LOG_LEVEL: or('LOG_LEVEL', 'info'),
      ...wiring(app, composeWorld),
    },
    ...(writes && { volumes: [`${writes}:${composeWorld.shared(writes)}`] }),
    ...(published && { ports: [publish(published.variable, port, port)] }),
    depends_on: waitsFor,
  };
}

const limits = (name: string, memory: string) => ({
  mem_limit: or(`${variable(name)}_MEMORY`, memory),
  pids_limit: 1024,
});

const publish = (name: string, outside: number, inside: number) => `${BIND}:${or(name, String(outside))}:${inside}`;

const dependsOn = (names: readonly string[]): Record<string, { condition: string }> =>
  Object.fromEntries(names.map((name) => [name, { condition: 'service_healthy' }]));

const variable = (name: string) => name.toUpperCase().replaceAll('-', '_');
