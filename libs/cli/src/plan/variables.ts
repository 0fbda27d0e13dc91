import { createHash } from 'node:crypto';
import { usage } from '../failure.ts';
import { authClientsFile } from '../home/auth-clients.ts';
import type { App } from '../workspace/projects.ts';
import { POSTGRES } from './plan.ts';
import { variablePrefix } from './ports.ts';

/** The app that keeps settings. */
const CENTRE = 'config-center';
/** The app that gives tokens out. */
export const AUTH = 'auth';

/** Everything that decides the environment of an app; the same for the whole platform. */
export interface PlatformFacts {
  /** The environment of the command itself. */
  environment: NodeJS.ProcessEnv;
  /** Absolute ROOKERY_HOME. */
  home: string;
  /** Fixed ports by app, as settled. */
  ports: ReadonlyMap<string, number>;
  /** `postgres://user:password@host:port` of the embedded Postgres, where it runs. */
  postgresUrl?: string;
  /** Folder of compiled code that children share. */
  compileCache: string;
}

/** The name of an instance in the registry: stable for a home, so that a restarted process takes its place again. */
export function instanceId(app: string, index: number, home: string): string {
  return `${app}-${index}-${createHash('sha256').update(home).digest('hex').slice(0, 4)}`;
}

/** Where the platform's own parts are, as services are told. */
export function sharedVariables({ environment, ports, postgresUrl }: PlatformFacts): Record<string, string> {
  const discovery = environment.DISCOVERY_URL ?? local(ports.get('registry'), 'consul');
  const config = environment.CONFIG_URL ?? local(ports.get(CENTRE), 'http');
  const messaging =
    environment.MESSAGING_URL ??
    (environment.DATABASE_URL
      ? withDatabase('DATABASE_URL', environment.DATABASE_URL, 'messaging')
      : postgresUrl && `${postgresUrl}/messaging`);
  const gateway = local(ports.get('gateway'), 'http');
  const issuer = environment.AUTH_ISSUER_URL ?? (gateway && `${gateway}/${AUTH}`);
  return {
    ...(discovery && { DISCOVERY_URL: discovery }),
    ...(config && { CONFIG_URL: config }),
    ...(messaging && { MESSAGING_URL: messaging }),
    ...(issuer && { AUTH_ISSUER_URL: issuer }),
  };
}

/**
 * The URL of an app's own database: `<APP>_DATABASE_URL` as it stands; else `DATABASE_URL` with the database replaced by the
 * app's name; else the embedded Postgres.
 */
export function databaseUrl(app: App, { environment, postgresUrl }: PlatformFacts): string | undefined {
  if (!app.app.needs.includes(POSTGRES)) return undefined;
  const own = environment[`${variablePrefix(app.name)}_DATABASE_URL`];
  if (own) return own;
  if (environment.DATABASE_URL) return withDatabase('DATABASE_URL', environment.DATABASE_URL, app.name);
  return postgresUrl && `${postgresUrl}/${app.name}`;
}

/** The whole environment of one instance; the first one of an app has its fixed port, further ones take a free one. */
export function instanceVariables(app: App, index: number, facts: PlatformFacts): NodeJS.ProcessEnv {
  const { environment, home, ports, compileCache } = facts;
  const first = index === 1;
  const database = databaseUrl(app, facts);
  const inherited = Object.entries(environment).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_CHANNEL/i.test(name));
  return {
    ...Object.fromEntries(inherited),
    ...sharedVariables(facts),
    NODE_COMPILE_CACHE: compileCache,
    ROOKERY_HOME: home,
    HOST: environment.HOST ?? '127.0.0.1',
    PORT: String((first && ports.get(app.name)) || 0),
    GRPC_PORT: (first && environment[`${variablePrefix(app.name)}_GRPC_PORT`]) || '0',
    INSTANCE_ID: instanceId(app.name, index, home),
    DATABASE_URL: database,
    ...(app.name === CENTRE && readersOf(environment)),
    ...(app.name === AUTH && { AUTH_CLIENTS_FILE: environment.AUTH_CLIENTS_FILE ?? authClientsFile(home) }),
  };
}

/** On an address of this machine alone, settings are read without a token, unless the environment says who may. */
function readersOf({ HOST = '127.0.0.1', CONFIG_READERS, CONFIG_TOKEN }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const alone = /^(?:127\.[\d.]+|::1|localhost)$/.test(HOST);
  return alone && !CONFIG_READERS && !CONFIG_TOKEN ? { CONFIG_READERS: 'anyone' } : {};
}

function local(port: number | undefined, scheme: string): string | undefined {
  return port === undefined ? undefined : `${scheme}://127.0.0.1:${port}`;
}

function withDatabase(variable: string, text: string, database: string): string {
  try {
    const url = new URL(text);
    url.pathname = `/${database}`;
    return url.href;
  } catch {
    throw usage(`${variable} is not a URL; it looks like postgres://user:password@host:5432/.`);
  }
}
