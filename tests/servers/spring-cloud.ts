import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardedProcess } from './guarded-process.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';

const FOLDER = join(homedir(), '.cache/rookery/servers/spring-cloud');
const JVM = ['-Xmx112m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const READY_MS = 120_000;

/** A class of one of the parts of install-spring-cloud, as a process in a folder of its own. */
function runJava(part: string, name: string, home: string, args: readonly string[]): GuardedProcess {
  return new GuardedProcess({
    ...{ command: findProgram('java') ?? 'java', home, log: join(home, 'log') },
    args: [
      ...[...JVM, `-Djava.io.tmpdir=${home}`, `-Duser.home=${home}`],
      ...['-cp', `${join(FOLDER, part, 'classes')}:${join(FOLDER, part, 'lib')}/*`, `rookery.${name}`, ...args],
    ],
  });
}

/** Whether Java is there and tests/servers/install-spring-cloud has run. */
export const hasSpringCloud = findProgram('java') !== undefined && existsSync(join(FOLDER, 'version'));

export interface SpringServiceOptions {
  /** The client that it is found by, as install-spring-cloud names its parts. */
  client: 'eureka' | 'alibaba' | 'nacos';
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
  /** SIGTERM. */
  terminate(): void;
  kill(): Promise<void>;
  /** Ends it in whatever way, and leaves nothing. */
  stop(): Promise<void>;
}

/** Starts the service on a free loopback port; resolves when it answers. Takes about 8 s. */
export async function startSpringService(options: SpringServiceOptions): Promise<SpringService> {
  const { client, name, yaml, settings = {} } = options;
  const home = mkdtempSync(join(tmpdir(), 'rookery-spring-'));
  writeFileSync(join(home, 'application.yml'), yaml);
  const [port] = (await freePorts(1)) as [number];
  const all = { 'spring.application.name': name, 'server.port': port, 'server.address': '127.0.0.1', ...settings };
  const args = Object.entries(all).map(([key, value]) => `--${key}=${value}`);
  const process = runJava(client, 'Greetings', home, args);
  const url = `http://127.0.0.1:${port}/api/${name}`;
  let pid: number | undefined;
  const service: SpringService = {
    port,
    url,
    output: () => readFileSync(join(home, 'log'), 'utf8'),
    terminate() {
      if (pid !== undefined && process.running) globalThis.process.kill(pid, 'SIGTERM');
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

/** Java's own client of Nacos, registered as 127.0.0.1:7100 of one service, and told of another. */
export interface JavaNaming {
  /** The ports of what it watches, each time that it was told, as `7001,7002`. */
  told(): string[];
  output(): string;
  stop(): Promise<void>;
}

export interface JavaNamingOptions {
  /** 1.4, which speaks HTTP, or 3.0, which speaks gRPC. */
  client: 'alibaba' | 'nacos';
  password: string;
  service: string;
  watched: string;
}

/** @param server where Nacos' API is, `host:port` */
export function startJavaNaming(server: string, { client, password, service, watched }: JavaNamingOptions): JavaNaming {
  const home = mkdtempSync(join(tmpdir(), 'rookery-naming-'));
  const process = runJava(client, 'NacosNaming', home, [server, 'anybody', password, service, watched]);
  const output = () => readFileSync(join(home, 'log'), 'utf8');
  return {
    output,
    told: () =>
      output()
        .split('\n')
        .flatMap((line) => (line.startsWith('ports ') ? [line.slice('ports '.length)] : [])),
    async stop() {
      await process.kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
