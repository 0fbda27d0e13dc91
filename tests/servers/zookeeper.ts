import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startGuarded } from './guarded-server.ts';
import { jvmFlags } from './jvm.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer } from './server.ts';

export const ZOOKEEPER_JARS = ['zookeeper', 'zookeeper-jute', 'slf4j-api', 'slf4j-simple'].map(
  (name) => `/usr/share/java/${name}.jar`,
);

const SHELL_JARS = [...ZOOKEEPER_JARS, '/usr/share/java/commons-cli.jar'];

/** Whether Debian's `zookeeper` and Java are installed. */
export const hasZooKeeper =
  findProgram('java') !== undefined && ZOOKEEPER_JARS.slice(0, 1).every((jar) => existsSync(jar));

/** One ZooKeeper that the suite may kill; undefined where it is missing. Its sessions last 1 to 60 s. */
export async function startOwnZooKeeper(): Promise<OwnServer | undefined> {
  const program = findProgram('java');
  if (!program || !hasZooKeeper) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-zookeeper-'));
  const [port] = (await freePorts(1)) as [number];
  mkdirSync(join(home, 'data'));
  const settings = {
    tickTime: 500,
    minSessionTimeout: 1_000,
    maxSessionTimeout: 60_000,
    dataDir: join(home, 'data'),
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'srvr',
    maxClientCnxns: 0,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(home, 'zoo.cfg'), lines.join(''));
  const args = [
    ...jvmFlags(128),
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    ...['-Dzookeeper.forceSync=no', '-cp', [home, ...ZOOKEEPER_JARS].join(':')],
    ...['org.apache.zookeeper.server.quorum.QuorumPeerMain', join(home, 'zoo.cfg')],
  ];
  const url = `zookeeper://127.0.0.1:${port}`;
  const log = join(home, 'log');
  return startGuarded({ name: 'zookeeper', url, command: program, args, log, home, ready: () => serves(port) });
}

/** What ZooKeeper's own shell prints for a command: `stat /path`. */
export async function zooKeeperShell(url: string, ...command: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    findProgram('java') ?? 'java',
    [
      ...[
        '-Xmx64m',
        '-XX:TieredStopAtLevel=1',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
        '-cp',
        SHELL_JARS.join(':'),
      ],
      ...['org.apache.zookeeper.ZooKeeperMain', '-server', new URL(url).host, ...command],
    ],
    { timeout: 30_000 },
  );
  return stdout + stderr;
}

/** The four-letter word `srvr` is answered with the server's mode. */
async function serves(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('srvr'));
  let answer = '';
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  socket.on('data', (data) => {
    answer += data.toString();
  });
  socket.once('error', reject);
  socket.once('close', () => (answer.includes('Mode:') ? resolve() : reject(new Error(answer || 'closed'))));
  await promise.finally(() => socket.destroy());
}
