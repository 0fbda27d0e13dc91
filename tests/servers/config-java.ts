import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardedProcess } from './guarded-process.ts';
import { startGuarded } from './guarded-server.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer } from './server.ts';

const FOLDER = join(homedir(), '.cache/rookery/servers/config-java');
const JVM = ['-Xmx192m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** Whether Java is there and tests/servers/install-config-java has run. */
export const hasConfigJava = findProgram('java') !== undefined && existsSync(join(FOLDER, 'version'));

const classPath = (part: 'spring' | 'clients') => `${join(FOLDER, part, 'classes')}:${join(FOLDER, part, 'lib')}/*`;

/** A running Java client of a configuration centre. */
export interface ConfigJavaClient {
  /** What it has printed as `value …`, in order. */
  values(): string[];
  /** Its whole output, for messages. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a Java client: its arguments are told in tests/servers/install-config-java. */
export function startConfigJavaClient(
  client: 'SpringClient' | 'ApolloClient' | 'NacosClient',
  ...args: string[]
): ConfigJavaClient {
  const home = mkdtempSync(join(tmpdir(), 'rookery-java-'));
  const log = join(home, 'log');
  const part = client === 'SpringClient' ? 'spring' : 'clients';
  const command = findProgram('java') ?? 'java';
  const process = new GuardedProcess({
    ...{ command, home, log },
    args: [
      ...JVM,
      `-Djava.io.tmpdir=${home}`,
      `-Duser.home=${home}`,
      '-cp',
      classPath(part),
      `rookery.${client}`,
      ...args,
    ],
  });
  const output = () => readFileSync(log, 'utf8');
  return {
    output,
    values: () =>
      output()
        .split('\n')
        .filter((line) => line.startsWith('value '))
        .map((line) => line.slice('value '.length)),
    async stop() {
      await process.kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A Spring Cloud Config server on a folder of files (its profile `native`). */
export interface SpringConfigServer extends OwnServer {
  /** Where it reads `<application>-<profile>.yml`. */
  readonly folder: string;
}

/** A real Spring Cloud Config server that the suite may kill; undefined where it is missing. Takes about 8 s to start. */
export async function startOwnSpringConfig(): Promise<SpringConfigServer | undefined> {
  const program = findProgram('java');
  if (!program || !hasConfigJava) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-spring-config-'));
  const folder = join(home, 'settings');
  mkdirSync(folder);
  const [port] = (await freePorts(1)) as [number];
  const settings = {
    'server.port': port,
    'server.address': '127.0.0.1',
    'logging.level.root': 'warn',
    'spring.profiles.active': 'native',
    'spring.cloud.config.server.native.search-locations': `file:${folder}`,
  };
  const args = [
    ...[...JVM, '-cp', classPath('spring'), 'rookery.ConfigServer'],
    ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
  ];
  const ready = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/any/default`, { signal: AbortSignal.timeout(3_000) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`answered ${response.status}`);
  };
  const url = `spring+http://127.0.0.1:${port}`;
  const server = await startGuarded({
    ...{ name: 'spring-cloud-config', url, command: program, args, home, ready, readyMs: 120_000 },
    log: join(home, 'log'),
  });
  return Object.assign(server, { folder });
}
