import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardedProcess } from './guarded-process.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';

const FOLDER = join(homedir(), '.cache/rookery/servers/spring-cloud');
const JVM = ['-Xmx96m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const READY_MS = 120_000;

/** Whether Java is there and tests/servers/install-spring-cloud has run. */
export const hasSpringCloud = findProgram('java') !== undefined && existsSync(join(FOLDER, 'version'));

export interface SpringServiceOptions {
  /** The client that it is found by, as install-spring-cloud names its parts. */
  client: 'eureka';
  /** Its `spring.application.name`; it answers under `/api/<name>`. */
  name: string;
  /** Its application.yml. */
  yaml: string;
  /** Beyond that. */
  settings?: Readonly<Record<string, string | number>>;
}

/** A running Java service of Spring Cloud. */
export interface SpringService {
  readonly port: number;
  /** `http://127.0.0.1:<port>/api/<name>` */
  readonly url: string;
  /** Its whole output, for messages. */
  output(): string;
  /** SIGTERM, and its end. */
  end(): Promise<void>;
  kill(): Promise<void>;
  /** Ends it in whatever way, and leaves nothing. */
  stop(): Promise<void>;
}

/** Starts the service on a free loopback port; resolves when it answers. Takes about 8 s. */
export async function startSpringService(options: SpringServiceOptions): Promise<SpringService> {
  const { client, name, yaml, settings = {} } = options;
  const home = mkdtempSync(join(tmpdir(), 'rookery-spring-'));
  writeFileSync(join(home, 'application.yml'), yaml);
  const log = join(home, 'log');
  const [port] = (await freePorts(1)) as [number];
  const all = { 'spring.application.name': name, 'server.port': port, 'server.address': '127.0.0.1', ...settings };
  const process = new GuardedProcess({
    ...{ command: findProgram('java') ?? 'java', home, log },
    args: [
      ...[...JVM, `-Djava.io.tmpdir=${home}`, `-Duser.home=${home}`],
      ...['-cp', `${join(FOLDER, client, 'classes')}:${join(FOLDER, client, 'lib')}/*`, 'rookery.Greetings'],
      ...Object.entries(all).map(([key, value]) => `--${key}=${value}`),
    ],
  });
  const url = `http://127.0.0.1:${port}/api/${name}`;
  let pid: number | undefined;
  const service: SpringService = {
    port,
    url,
    output: () => readFileSync(log, 'utf8'),
    async end() {
      if (pid !== undefined && process.running) globalThis.process.kill(pid, 'SIGTERM');
      await process.ended;
    },
    kill: () => process.kill(),
    async stop() {
      await process.kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
  const answers = async () => {
    const response = await fetch(`${url}/self`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    pid = ((await response.json()) as { pid: number }).pid;
  };
  try {
    await process.ready(`the Spring service ${name}`, answers, READY_MS);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
}
